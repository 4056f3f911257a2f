{{- define "score.labels" -}}
app.kubernetes.io/name: {{ .Values.name | quote }}
app.kubernetes.io/part-of: argolane
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ include "score.tag" . | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "score.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "score.image" -}}
{{ .Values.image.repository }}:{{ include "score.tag" . }}
{{- end }}
