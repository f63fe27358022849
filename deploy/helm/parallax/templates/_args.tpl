{{- /* What the containers are told, in one place: every flag is one of the parallax command. */ -}}

{{- define "parallax.exporterArgs" -}}
{{- $exporter := .Values.exporter -}}
- exporter
- --listen={{ $exporter.bindAddress }}:{{ $exporter.port }}
- --node-name=$(NODE_NAME)
- --cluster-name={{ .Values.clusterName }}
- --kubernetes=in-cluster
- --ring-bytes={{ $exporter.ringBytes }}
{{- with $exporter.interfaces }}
- --interfaces={{ join "," . }}
{{- end }}
{{- range $exporter.tlsPlaintext }}
- --tls-plaintext={{ . }}
{{- end }}
{{- if $exporter.processArguments }}
- --process-arguments
{{- end }}
{{- if .Values.tls.enabled }}
- --tls-cert=/etc/parallax/tls/tls.crt
- --tls-key=/etc/parallax/tls/tls.key
- --tls-client-ca=/etc/parallax/tls/ca.crt
{{- end }}
{{- if $exporter.metrics.enabled }}
- --metrics={{ $exporter.bindAddress }}:{{ $exporter.metrics.port }}
{{- end }}
{{- range $exporter.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "parallax.relayArgs" -}}
{{- $relay := .Values.relay -}}
- relay
- --listen=0.0.0.0:4245
- --cluster-name={{ .Values.clusterName }}
- --kubernetes=in-cluster
{{- if eq .Values.mode "cilium" }}
- --peer-service={{ if .Values.tls.enabled }}tls://{{ .Values.cilium.peerService }}:443{{ else }}{{ .Values.cilium.peerService }}:80{{ end }}
{{- else }}
{{- $exporters := printf "dns:///%s-exporter.%s.svc:%v" (include "parallax.fullname" .) .Release.Namespace .Values.exporter.port }}
- --peers={{ join "," (prepend $relay.peers $exporters) }}
{{- end }}
- --ring-bytes={{ $relay.ringBytes }}
{{- if .Values.tls.enabled }}
- --tls-hubble-server-ca-files=/etc/parallax/tls/ca.crt
- --tls-hubble-client-cert-file=/etc/parallax/tls/tls.crt
- --tls-hubble-client-key-file=/etc/parallax/tls/tls.key
{{- if eq .Values.mode "any-cni" }}
- --tls-hubble-server-name={{ include "parallax.exporterServerName" . }}
{{- end }}
{{- end }}
{{- if $relay.tls.enabled }}
- --tls-cert=/etc/parallax/server-tls/tls.crt
- --tls-key=/etc/parallax/server-tls/tls.key
- --health-listen=0.0.0.0:4222
{{- end }}
{{- if $relay.metrics.enabled }}
- --metrics=0.0.0.0:{{ $relay.metrics.port }}
{{- end }}
{{- range $relay.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "parallax.uiArgs" -}}
{{- $tls := .Values.relay.tls.enabled -}}
- ui
- --listen=0.0.0.0:12000
- --relay={{ include "parallax.relayServerName" . }}:{{ $tls | ternary 443 80 }}
{{- if $tls }}
- --tls-ca-cert-files=/etc/parallax/relay-ca/ca.crt
{{- end }}
{{- end }}

{{- /* Health over TLS is nothing a kubelet can ask: then there is a port for it, as hubble-relay's. */ -}}
{{- define "parallax.relayProbes" -}}
livenessProbe:
  tcpSocket:
    port: grpc
  initialDelaySeconds: 10
  periodSeconds: 10
  failureThreshold: 3
readinessProbe:
  grpc:
    port: {{ .Values.relay.tls.enabled | ternary 4222 4245 }}
  periodSeconds: 5
  timeoutSeconds: 2
{{- end }}

{{- /* Health over mTLS is nothing a kubelet can ask. Metrics are served from the moment capture runs, so their port tells
      as much; without them, the port of gRPC, which opens a little before. */ -}}
{{- define "parallax.exporterProbes" -}}
{{- $exporter := .Values.exporter -}}
livenessProbe:
  tcpSocket:
    port: grpc
  initialDelaySeconds: 15
  periodSeconds: 10
  failureThreshold: 3
readinessProbe:
  {{- if not .Values.tls.enabled }}
  grpc:
    port: {{ $exporter.port }}
  {{- else if $exporter.metrics.enabled }}
  tcpSocket:
    port: metrics
  {{- else }}
  tcpSocket:
    port: grpc
  {{- end }}
  periodSeconds: 5
  timeoutSeconds: 2
{{- end }}
