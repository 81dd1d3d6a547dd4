// SPDX-License-Identifier: Apache-2.0

//go:build !old

// Package inject has the struct that sidecar templates are run over, so that reflection prints its type as "inject.SidecarTemplateData".
package inject

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	mesh "istio.io/api/mesh/v1alpha1"
)

// SidecarTemplateData is what a `templates:` ConfigMap of any release may read: the fields of today, and EstimatedConcurrency,
// which templates of Istio 1.11 to 1.17 read.
type SidecarTemplateData struct {
	TypeMeta                 metav1.TypeMeta
	DeploymentMeta           types.NamespacedName
	ObjectMeta               metav1.ObjectMeta
	Spec                     corev1.PodSpec
	ProxyConfig              *mesh.ProxyConfig
	MeshConfig               *mesh.MeshConfig
	Values                   map[string]any
	Revision                 string
	EstimatedConcurrency     int
	NativeSidecars           bool
	ProxyImage               string
	ProxyInitImage           string
	ProxyUID                 int64
	ProxyGID                 int64
	InboundTrafficPolicyMode string
	CompliancePolicy         string
}
