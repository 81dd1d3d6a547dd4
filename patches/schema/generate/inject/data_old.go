// SPDX-License-Identifier: Apache-2.0

//go:build old

// Package inject has the struct that sidecar templates are run over, so that reflection prints its type as "inject.SidecarTemplateData".
package inject

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	mesh "istio.io/api/mesh/v1alpha1"
)

// SidecarTemplateData is what a `template:` ConfigMap (Istio 1.5 to 1.8) may read.
type SidecarTemplateData struct {
	TypeMeta       *metav1.TypeMeta
	DeploymentMeta *metav1.ObjectMeta
	ObjectMeta     *metav1.ObjectMeta
	Spec           *corev1.PodSpec
	ProxyConfig    *mesh.ProxyConfig
	MeshConfig     *mesh.MeshConfig
	Values         map[string]interface{}
}
