{{- /* Which secrets hold certificates, and how they are made and kept. */ -}}

{{- define "parallax.exporterSecret" -}}
{{- if eq .Values.tls.source "given" -}}
{{ required "tls.source is given: name the secret in tls.secrets.exporter (tls.crt, tls.key, ca.crt)" .Values.tls.secrets.exporter }}
{{- else -}}
{{ include "parallax.fullname" . }}-exporter-tls
{{- end -}}
{{- end }}

{{- define "parallax.relaySecret" -}}
{{- if eq .Values.mode "cilium" -}}
{{ .Values.cilium.clientSecret }}
{{- else if eq .Values.tls.source "given" -}}
{{ required "tls.source is given: name the secret in tls.secrets.relayClient (tls.crt, tls.key, ca.crt)" .Values.tls.secrets.relayClient }}
{{- else -}}
{{ include "parallax.fullname" . }}-relay-client-tls
{{- end -}}
{{- end }}

{{- /* Hubble's convention, NODE.CLUSTER.hubble-grpc.cilium.io: one certificate serves all nodes, and hubble-relay may follow
      our exporters as well. */ -}}
{{- define "parallax.exporterNames" -}}
- "*.{{ .Values.clusterName | replace "." "-" }}.hubble-grpc.cilium.io"
- {{ include "parallax.fullname" . }}-exporter.{{ .Release.Namespace }}.svc
{{- end }}

{{- define "parallax.relayClientNames" -}}
- "*.hubble-relay.cilium.io"
{{- end }}

{{- /* The name that relays expect of any exporter: matched by the wildcard above. */ -}}
{{- define "parallax.exporterServerName" -}}
exporter.{{ .Values.clusterName | replace "." "-" }}.hubble-grpc.cilium.io
{{- end }}
