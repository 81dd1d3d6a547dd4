// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Kubelet takes a minute and more; a test has no time for that.
const refreshPeriod = time.Second

// What a Node reads of a pod's volume.
type podVolume struct {
	Name      string
	Secret    *volumeSource
	ConfigMap *volumeSource
	EmptyDir  *struct{}
	Projected *struct {
		Sources []struct {
			Secret, ConfigMap, DownwardAPI *volumeSource
			ServiceAccountToken            *tokenSource
		}
	}
}

type volumeSource struct {
	SecretName, Name string
	Optional         bool
	DefaultMode      *os.FileMode
	Items            []struct {
		Key, Path string
		FieldRef  struct{ FieldPath string }
	}
}

type tokenSource struct {
	Audience, Path    string
	ExpirationSeconds int64
}

type files map[string][]byte

// volume is a folder as kubelet keeps it: all files change at once, by a
// symbolic link that is replaced.
type volume struct {
	source  podVolume
	folder  string
	mode    os.FileMode
	written files
	tokens  map[tokenSource]token
}

type token struct {
	text  string
	since time.Time
}

func (p *podProcess) mountVolumes() error {
	p.volumes = nil
	for _, source := range p.object.Spec.Volumes {
		v := &volume{source: source, mode: 0o644, tokens: map[tokenSource]token{},
			folder: filepath.Join(p.folder(), "volumes", source.Name)}
		for _, s := range []*volumeSource{source.Secret, source.ConfigMap} {
			if s != nil && s.DefaultMode != nil {
				v.mode = *s.DefaultMode
			}
		}
		mode := os.FileMode(0o755)
		if source.EmptyDir != nil {
			mode = 0o777
		}
		if err := makeFolder(v.folder, mode); err != nil {
			return err
		}
		p.volumes = append(p.volumes, v)
	}
	return p.refreshVolumes()
}

// A mode is what is asked for, whatever the umask.
func makeFolder(path string, mode os.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

func (p *podProcess) refresh() error {
	if time.Since(p.refreshed) < refreshPeriod {
		return nil
	}
	return p.refreshVolumes()
}

// Without the API server the files stay as they are.
func (p *podProcess) refreshVolumes() error {
	p.refreshed = time.Now()
	for _, v := range p.volumes {
		if v.source.EmptyDir != nil {
			continue
		}
		now, err := p.contents(v)
		if err != nil {
			return fmt.Errorf("volume %s: %w", v.source.Name, err)
		}
		same := func(a, b []byte) bool { return string(a) == string(b) }
		if v.written != nil && maps.EqualFunc(now, v.written, same) {
			continue
		}
		if err := v.write(now, p.object.Spec.SecurityContext.FSGroup); err != nil {
			return err
		}
	}
	return nil
}

func (p *podProcess) contents(v *volume) (files, error) {
	all := files{}
	var err error
	switch {
	case v.source.Secret != nil:
		err = p.addSecret(all, v.source.Secret.SecretName, v.source.Secret)
	case v.source.ConfigMap != nil:
		err = p.addConfigMap(all, v.source.ConfigMap)
	case v.source.Projected != nil:
		for _, s := range v.source.Projected.Sources {
			switch {
			case s.Secret != nil:
				err = p.addSecret(all, s.Secret.Name, s.Secret)
			case s.ConfigMap != nil:
				err = p.addConfigMap(all, s.ConfigMap)
			case s.DownwardAPI != nil:
				p.addFields(all, s.DownwardAPI)
			case s.ServiceAccountToken != nil:
				err = p.addToken(all, v, *s.ServiceAccountToken)
			}
			if err != nil {
				return nil, err
			}
		}
	default:
		err = fmt.Errorf("of a kind that the node does not know")
	}
	return all, err
}

func (p *podProcess) addSecret(all files, name string, s *volumeSource) error {
	var object struct{ Data map[string][]byte } // base 64 in JSON
	there, err := p.get("secrets/"+name, s.Optional, &object)
	if there {
		s.pick(all, object.Data)
	}
	return err
}

func (p *podProcess) addConfigMap(all files, s *volumeSource) error {
	var object struct {
		Data       map[string]string
		BinaryData map[string][]byte
	}
	there, err := p.get("configmaps/"+s.Name, s.Optional, &object)
	if !there {
		return err
	}
	data := files{}
	maps.Copy(data, object.BinaryData)
	for key, text := range object.Data {
		data[key] = []byte(text)
	}
	s.pick(all, data)
	return nil
}

func (s *volumeSource) pick(all, data files) {
	if len(s.Items) == 0 {
		maps.Copy(all, data)
	}
	for _, item := range s.Items {
		if text, there := data[item.Key]; there {
			all[item.Path] = text
		}
	}
}

func (p *podProcess) addFields(all files, s *volumeSource) {
	for _, item := range s.Items {
		if item.FieldRef.FieldPath == "metadata.namespace" {
			all[item.Path] = []byte(p.object.Metadata.Namespace)
		}
	}
}

// A token is asked for anew when four fifths of its life are over.
func (p *podProcess) addToken(all files, v *volume, s tokenSource) error {
	have := v.tokens[s]
	if time.Since(have.since) > time.Duration(s.ExpirationSeconds)*time.Second*4/5 {
		text, err := p.requestToken(s)
		if err != nil {
			return err
		}
		have = token{text: text, since: time.Now()}
		v.tokens[s] = have
	}
	all[s.Path] = []byte(have.text)
	return nil
}

func (p *podProcess) requestToken(s tokenSource) (string, error) {
	spec := map[string]any{"expirationSeconds": s.ExpirationSeconds, "boundObjectRef": map[string]string{
		"apiVersion": "v1", "kind": "Pod", "name": p.object.Metadata.Name, "uid": p.object.Metadata.UID}}
	if s.Audience != "" {
		spec["audiences"] = []string{s.Audience}
	}
	body, err := json.Marshal(map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
	if err != nil {
		return "", err
	}
	status, text, err := p.node.cluster.API.Do("POST", "/api/v1/namespaces/"+p.object.Metadata.Namespace+
		"/serviceaccounts/"+p.object.Spec.ServiceAccountName+"/token", body)
	if err != nil || status != http.StatusCreated {
		return "", fmt.Errorf("request a token: %d: %s: %w", status, text, err)
	}
	var answer struct{ Status struct{ Token string } }
	return answer.Status.Token, json.Unmarshal(text, &answer)
}

func (p *podProcess) get(what string, optional bool, into any) (there bool, err error) {
	status, text, err := p.node.cluster.API.Do("GET", "/api/v1/namespaces/"+p.object.Metadata.Namespace+"/"+what, nil)
	if err != nil {
		return false, err
	}
	if status == http.StatusNotFound && optional {
		return false, nil
	}
	if status != http.StatusOK {
		return false, fmt.Errorf("%s: %d", what, status)
	}
	return true, json.Unmarshal(text, into)
}

// write makes a new folder, and then ..data leads to it. The files' own
// names lead through ..data and stay.
func (v *volume) write(now files, group int) error {
	next := fmt.Sprintf("..%d", time.Now().UnixNano())
	if err := makeFolder(filepath.Join(v.folder, next), 0o755); err != nil {
		return err
	}
	for name, text := range now {
		path := filepath.Join(v.folder, next, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
		if err := os.Chown(path, 0, group); err != nil {
			return err
		}
		if err := os.Chmod(path, v.mode); err != nil {
			return err
		}
	}
	if err := v.swap(next, now); err != nil {
		return err
	}
	v.written = now
	return nil
}

func (v *volume) swap(next string, now files) error {
	data := filepath.Join(v.folder, "..data")
	before, _ := os.Readlink(data)
	fresh := filepath.Join(v.folder, "..data_tmp")
	_ = os.Remove(fresh)
	if err := os.Symlink(next, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, data); err != nil {
		return err
	}
	for name := range now {
		link := filepath.Join(v.folder, name)
		if _, err := os.Lstat(link); err != nil {
			if err := os.Symlink(filepath.Join("..data", name), link); err != nil {
				return err
			}
		}
	}
	for name := range v.written {
		if _, there := now[name]; !there {
			_ = os.Remove(filepath.Join(v.folder, name))
		}
	}
	if before == "" {
		return nil
	}
	return os.RemoveAll(filepath.Join(v.folder, before))
}
