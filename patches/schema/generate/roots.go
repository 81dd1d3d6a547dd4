// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"strings"

	"outrigger.dev/schema/inject"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	mesh "istio.io/api/mesh/v1alpha1"
)

func of[T any]() reflect.Type { return reflect.TypeOf((*T)(nil)).Elem() }

// kinds are the objects that are injected: the Pod and what holds a template of one.
func kinds() map[string]reflect.Type {
	return map[string]reflect.Type{
		"go_pod": of[corev1.Pod](), "go_replication_controller": of[corev1.ReplicationController](),
		"go_daemon_set": of[appsv1.DaemonSet](), "go_deployment": of[appsv1.Deployment](),
		"go_replica_set": of[appsv1.ReplicaSet](), "go_stateful_set": of[appsv1.StatefulSet](),
		"go_job": of[batchv1.Job](), "go_cron_job": cronJob(), "go_deployment_config": deploymentConfig(),
	}
}

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
	}
	for name, t := range kinds() { // of an old release for the column `since` alone
		roots[name] = t
	}
	for name, t := range roots {
		w.dump.Roots[name] = w.add(t)
	}
	return w.dump
}
