{{- define "authstream.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Labels that select: they never change. Takes (root, component). */}}
{{- define "authstream.selector" -}}
app.kubernetes.io/name: authstream
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "authstream.labels" -}}
{{ include "authstream.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{- define "authstream.name" -}}
{{ (index . 0).Release.Name }}-{{ index . 1 }}
{{- end }}

{{/* The Pod Security Standard "restricted". */}}
{{- define "authstream.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "authstream.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Settings that every process has. Takes the root. */}}
{{- define "authstream.environment" -}}
- {name: AUTHSTREAM_BROKERS, value: {{ .Values.kafka.brokers | quote }}}
- {name: AUTHSTREAM_PREFIX, value: {{ .Values.kafka.prefix | quote }}}
- {name: AUTHSTREAM_PARTITIONS, value: {{ .Values.kafka.partitions | quote }}}
- {name: AUTHSTREAM_REPLICATION_FACTOR, value: {{ .Values.kafka.replicationFactor | quote }}}
- {name: AUTHSTREAM_MIN_INSYNC_REPLICAS, value: {{ .Values.kafka.minInsyncReplicas | quote }}}
- {name: AUTHSTREAM_SANDBOX_MIN_LEVEL, value: {{ .Values.sandboxMinLevel | quote }}}
- {name: AUTHSTREAM_SECRETS_DIR, value: /var/run/secrets/authstream}
{{- with .Values.kafka.settings }}
- {name: AUTHSTREAM_KAFKA, value: {{ toJson . | quote }}}
{{- end }}
{{- range $name, $value := .Values.environment }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "authstream.mounts" -}}
- {name: secrets, mountPath: /var/run/secrets/authstream, readOnly: true}
- {name: run, mountPath: /run/authstream}
- {name: tmp, mountPath: /tmp}
- {name: packages, mountPath: /var/cache/authstream}
{{- if .Values.kafka.caSecret }}
- {name: kafka-ca, mountPath: /etc/kafka, readOnly: true}
{{- end }}
{{- end }}

{{/* Takes (root, names of the Secret's keys). A key that is not there is a setting that is not set. */}}
{{- define "authstream.volumes" -}}
{{- $root := index . 0 -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range index . 1 }}
      - secret:
          name: {{ $root.Values.secret }}
          optional: true
          items: [{key: {{ . }}, path: {{ . }}}]
      {{- end }}
- {name: run, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
- {name: tmp, emptyDir: {sizeLimit: 256Mi}}
- {name: packages, emptyDir: {sizeLimit: 2Gi}}
{{- with $root.Values.kafka.caSecret }}
- {name: kafka-ca, secret: {secretName: {{ . }}, defaultMode: 0444}}
{{- end }}
{{- end }}

{{/* Takes (root, component). */}}
{{- define "authstream.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "authstream.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{/* Where every pod of this chart may go: names, brokers, telemetry. Takes the root. */}}
{{- define "authstream.egress" -}}
- ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
- ports:
    {{- range .Values.kafka.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- with .Values.networkPolicy.telemetry }}
{{ toYaml . }}
{{- end }}
{{- end }}
