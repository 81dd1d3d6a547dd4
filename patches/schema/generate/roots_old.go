// SPDX-License-Identifier: Apache-2.0

//go:build old

package main

import (
	"reflect"

	openshiftv1 "github.com/openshift/api/apps/v1"
	batchv1beta1 "k8s.io/api/batch/v1beta1"
)

func rootsOfToday() map[string]reflect.Type { return nil }

func cronJob() reflect.Type          { return of[batchv1beta1.CronJob]() }
func deploymentConfig() reflect.Type { return of[openshiftv1.DeploymentConfig]() }

// oneofWrappers lists the types that may stand in the oneof fields of a message, in order of declaration.
func oneofWrappers(t reflect.Type) (wrappers []reflect.Type) {
	m := reflect.New(t).MethodByName("XXX_OneofWrappers")
	for _, w := range m.Call(nil)[0].Interface().([]interface{}) {
		wrappers = append(wrappers, reflect.TypeOf(w))
	}
	return wrappers
}
