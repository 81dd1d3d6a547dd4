// SPDX-License-Identifier: Apache-2.0

//go:build !old

package main

import (
	"reflect"
	"time"

	openshiftv1 "github.com/openshift/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1beta1"
)

func rootsOfToday() map[string]reflect.Type {
	return map[string]reflect.Type{
		"go_bool": of[bool](), "go_int": of[int](), "go_int32": of[int32](), "go_int64": of[int64](),
		"go_uint32": of[uint32](), "go_uint64": of[uint64](), "go_float32": of[float32](), "go_float64": of[float64](),
		"go_string": of[string](), "go_any": of[any](),
		"go_list_any": of[[]any](), "go_list_string": of[[]string](), "go_list_int": of[[]int](),
		"go_list_list_any": of[[][]any](), "go_list_uint8": of[[]byte](),
		"go_map_any": of[map[string]any](), "go_map_string": of[map[string]string](),
		"go_time": of[time.Time](), "go_time_duration": of[time.Duration](),

		"go_pod_spec": of[corev1.PodSpec](), "go_object_meta": of[metav1.ObjectMeta](),
		"go_type_meta": of[metav1.TypeMeta](), "go_container": of[corev1.Container](),
		"go_list_container": of[[]corev1.Container](), "go_volume": of[corev1.Volume](), "go_list_volume": of[[]corev1.Volume](),
		"go_probe": of[corev1.Probe](), "go_lifecycle": of[corev1.Lifecycle](),
		"go_lifecycle_handler": of[corev1.LifecycleHandler](), "go_env_var": of[corev1.EnvVar](),
		"go_label_selector": of[metav1.LabelSelector](), "go_security_context": of[corev1.SecurityContext](),
		"go_pod_security_context":        of[corev1.PodSecurityContext](),
		"go_local_object_reference":      of[corev1.LocalObjectReference](),
		"go_list_local_object_reference": of[[]corev1.LocalObjectReference](),
		"go_http_get_action":             of[corev1.HTTPGetAction](),
		"go_tcp_socket_action":           of[corev1.TCPSocketAction](), "go_grpc_action": of[corev1.GRPCAction](),
		"go_quantity": of[resource.Quantity](), "go_int_or_string": of[intstr.IntOrString](),
		"go_resource_requirements": of[corev1.ResourceRequirements](),
		"go_pod_dns_config":        of[corev1.PodDNSConfig](), "go_namespaced_name": of[types.NamespacedName](),
		"go_duration": of[durationpb.Duration](), "go_ptr_duration": of[*durationpb.Duration](),
		"go_proxy_config_resource": of[networking.ProxyConfig](),
	}
}

// The kinds that older releases did not have by these packages; see roots_old.go.
func cronJob() reflect.Type          { return of[batchv1.CronJob]() }
func deploymentConfig() reflect.Type { return of[openshiftv1.DeploymentConfig]() }

// oneofWrappers lists the types that may stand in the oneof fields of a message, in order of declaration.
func oneofWrappers(t reflect.Type) (wrappers []reflect.Type) {
	m := reflect.New(t).Interface().(proto.Message).ProtoReflect()
	for i := 0; i < m.Descriptor().Fields().Len(); i++ {
		d := m.Descriptor().Fields().Get(i)
		if d.ContainingOneof() == nil {
			continue
		}
		fresh := m.New()
		fresh.Set(d, presentValue(fresh, d))
		v := reflect.ValueOf(fresh.Interface()).Elem()
		for j := 0; j < v.NumField(); j++ {
			if v.Type().Field(j).Tag.Get("protobuf_oneof") != "" && !v.Field(j).IsNil() {
				wrappers = append(wrappers, v.Field(j).Elem().Type())
			}
		}
	}
	return wrappers
}

func presentValue(m protoreflect.Message, d protoreflect.FieldDescriptor) protoreflect.Value {
	if d.Message() != nil {
		return m.NewField(d)
	}
	return d.Default()
}
