/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the Kubernetes API is and who we are to it: the service account of our pod, or a kubeconfig as kubectl reads it
 * (KUBECONFIG with several files, ~/.kube/config, contexts). Source: k8s.io/client-go, tools/clientcmd/api/v1 Config
 * and rest.InClusterConfig.
 */
#ifndef WEBHOOK_CLUSTER_CONFIG_H
#define WEBHOOK_CLUSTER_CONFIG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* PEM from a file, which is read anew for every connection so that it may be replaced, or as a text; neither: none. */
struct cluster_pem {
	const char *file; /* NULL: see text */
	struct str text;  /* p NULL: none */
};

/* Immutable once loaded; shared by any number of threads. Texts live in the arena that loaded it. */
struct cluster_config {
	const char *server;      /* "https://HOST[:PORT][/PREFIX]", no slash at its end */
	const char *server_name; /* to ask for and to check instead of the host; NULL: the host */
	const char *proxy;       /* URL; NULL: as the environment says */
	bool insecure;           /* the server's certificate is not checked: only a kubeconfig can say so */
	struct cluster_pem ca;   /* none: the system's */
	struct cluster_pem cert, key;
	const char *token;      /* NULL: none */
	const char *token_file; /* read again when it changes; goes before `token`; NULL: none */
	const char *namespace;  /* of the pod or the context; NULL: neither says */
	const char *origin;     /* for people: "the service account of this pod", "PATH, context 'NAME'" */
};

#define CLUSTER_SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/*
 * From a pod's service account. folder: with token, ca.crt, namespace; host, port: KUBERNETES_SERVICE_HOST and _PORT,
 * NULL where they are not set. ERR_CONFIG where we are in no pod or the pod has no token, with the remedy.
 */
int cluster_config_in_cluster(struct arena *a, const char *folder, const char *host, const char *port,
	struct cluster_config *ret, struct err *err) MUST_CHECK;

/*
 * From kubeconfig files. paths: one, or several separated by ':', of which the first that defines a name wins; those
 * that are missing are passed over when there are several. context: NULL takes current-context. Not done: exec and
 * auth-provider plug-ins and passwords, which are ERR_CONFIG with the remedy, as is all else that is wrong; `where` is
 * the file, the text names the entry and its field.
 */
int cluster_config_kubeconfig(struct arena *a, const char *paths, const char *context, struct cluster_config *ret,
	struct err *err) MUST_CHECK;

/* What kubectl would read: the environment's KUBECONFIG, else HOME/.kube/config. Either may be NULL. NULL without
 * memory. */
const char *cluster_config_default_paths(struct arena *a, const char *kubeconfig, const char *home) MUST_CHECK;

#endif
