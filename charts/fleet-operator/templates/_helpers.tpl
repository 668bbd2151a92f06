{{- define "fleet-operator.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- /* Short enough for every suffix below. */}}
{{- define "fleet-operator.fullname" -}}
{{- $name := include "fleet-operator.name" . -}}
{{ .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- /* What is cluster-wide is named after the namespace too: releases in several namespaces do not meet. */}}
{{- define "fleet-operator.clusterName" -}}
{{ include "fleet-operator.fullname" . }}-{{ .Release.Namespace }}
{{- end }}

{{- define "fleet-operator.serviceAccountName" -}}
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) }}
{{- fail "serviceAccount.name: name the account that the operator runs as, since serviceAccount.create is false" }}
{{- end }}
{{- .Values.serviceAccount.name | default (include "fleet-operator.fullname" .) }}
{{- end }}

{{- define "fleet-operator.image" -}}
{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "fleet-operator.selector" -}}
app.kubernetes.io/name: {{ include "fleet-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "fleet-operator.labels" -}}
{{ include "fleet-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* none, namespaces or cluster */}}
{{- define "fleet-operator.secrets" -}}
{{- $mode := .Values.secrets | default (ternary "namespaces" "none" (gt (len .Values.watchNamespaces) 0)) -}}
{{- if and (eq $mode "cluster") .Values.watchNamespaces }}
{{- fail "secrets: cluster contradicts watchNamespaces: say secrets: namespaces, or none" }}
{{- end }}
{{- if and (eq $mode "namespaces") (not .Values.watchNamespaces) }}
{{- fail "secrets: namespaces needs watchNamespaces: name them, or say secrets: cluster, or none" }}
{{- end }}
{{- $mode }}
{{- end }}

{{- define "fleet-operator.subject" -}}
- kind: ServiceAccount
  name: {{ include "fleet-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- /* What the operator does in a namespace whose apps it runs. operator/docs/security.md gives the reason for each; a test holds that each is used, and that nothing else is. */}}
{{- define "fleet-operator.rules" -}}
- apiGroups: [fleet.microservices.dev]
  resources: [microserviceapps]
  verbs: [list, watch]
- apiGroups: [fleet.microservices.dev]
  resources: [microserviceapps/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [servicemonitors]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes, grpcroutes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways]
  verbs: [list, watch]
{{- if .Values.gatewayRBAC }}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, patch, delete]
{{- end }}
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- if ne (include "fleet-operator.secrets" .) "none" }}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch]
{{- end }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
