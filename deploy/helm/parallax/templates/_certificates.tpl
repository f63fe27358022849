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

{{- define "parallax.relayServerSecret" -}}
{{- if .Values.relay.tls.secret -}}
{{ .Values.relay.tls.secret }}
{{- else if eq .Values.tls.source "given" -}}
{{ fail "relay.tls.enabled with tls.source given: name the secret in relay.tls.secret (tls.crt, tls.key, ca.crt)" }}
{{- else -}}
{{ include "parallax.fullname" . }}-relay-server-tls
{{- end -}}
{{- end }}

{{- /* How the page, other relays and a port forward reach it. */ -}}
{{- define "parallax.relayServerNames" -}}
- {{ include "parallax.relayServerName" . }}
- {{ include "parallax.fullname" . }}-relay
- localhost
{{- end }}

{{- define "parallax.relayServerName" -}}
{{ include "parallax.fullname" . }}-relay.{{ .Release.Namespace }}.svc
{{- end }}

{{- /* The name that relays expect of any exporter: matched by the wildcard above. */ -}}
{{- define "parallax.exporterServerName" -}}
exporter.{{ .Values.clusterName | replace "." "-" }}.hubble-grpc.cilium.io
{{- end }}
