// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"strings"

	"outrigger.dev/schema/inject"

	corev1 "k8s.io/api/core/v1"

	mesh "istio.io/api/mesh/v1alpha1"
)

func of[T any]() reflect.Type { return reflect.TypeOf((*T)(nil)).Elem() }

// dumpTypes walks everything from the roots. release is "" for today's modules, else such as "1.5".
func dumpTypes(release string) dump {
	suffix := ""
	if release != "" {
		suffix = "_" + strings.ReplaceAll(release, ".", "_")
	}
	w := &walker{dump: dump{Roots: map[string]string{}, Types: map[string]*goType{}}, suffix: suffix}
	roots := map[string]reflect.Type{
		"go_mesh_config" + suffix:       of[mesh.MeshConfig](),
		"go_ptr_mesh_config" + suffix:   of[*mesh.MeshConfig](),
		"go_proxy_config" + suffix:      of[mesh.ProxyConfig](),
		"go_ptr_proxy_config" + suffix:  of[*mesh.ProxyConfig](),
		"go_template_data" + suffix:     of[inject.SidecarTemplateData](),
		"go_ptr_template_data" + suffix: of[*inject.SidecarTemplateData](),
	}
	if release == "" {
		for name, t := range rootsOfToday() {
			roots[name] = t
		}
	} else {
		roots["go_pod"] = of[corev1.Pod]() // for the column `since` alone
	}
	for name, t := range roots {
		w.dump.Roots[name] = w.add(t)
	}
	return w.dump
}
