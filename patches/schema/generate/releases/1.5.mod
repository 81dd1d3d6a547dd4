module outrigger.dev/schema

go 1.26.0

require (
	github.com/openshift/api v3.9.1-0.20191008181517-e4fd21196097+incompatible
	istio.io/api v0.0.0-20200227213531-891bf31f3c32
	k8s.io/api v0.17.2
	k8s.io/apimachinery v0.17.2
)

require (
	github.com/gogo/protobuf v1.3.0 // indirect
	github.com/google/gofuzz v1.0.0 // indirect
	golang.org/x/net v0.0.0-20191004110552-13f9640d40b9 // indirect
	golang.org/x/text v0.3.2 // indirect
	gopkg.in/inf.v0 v0.9.1 // indirect
	istio.io/gogo-genproto v0.0.0-20190930162913-45029607206a // indirect
	k8s.io/klog v1.0.0 // indirect
)
