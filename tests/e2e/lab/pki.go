// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority is a certificate authority that lives for one run.
type Authority struct {
	PEM []byte

	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority and writes its certificate to NAME.crt.
func NewAuthority(dir, name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate(name, 1)
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	a := &Authority{PEM: encode("CERTIFICATE", der), dir: dir, cert: cert, key: key}
	return a, os.WriteFile(filepath.Join(dir, name+".crt"), a.PEM, 0o600)
}

// Issue makes a serving certificate for 127.0.0.1 and the given names and
// addresses, and writes NAME.crt and NAME.key, whose paths it returns.
func (a *Authority) Issue(name string, hosts ...string) (crt, key string, err error) {
	key, private, err := WriteKey(a.dir, name)
	if err != nil {
		return "", "", err
	}
	template := certificate(name, time.Now().UnixNano())
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		return "", "", err
	}
	crt = filepath.Join(a.dir, name+".crt")
	return crt, key, os.WriteFile(crt, encode("CERTIFICATE", der), 0o600)
}

// WriteKey makes a private key and writes it to NAME.key.
func WriteKey(dir, name string) (string, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", nil, err
	}
	// The older form: as a service-account key kube-apiserver takes no other.
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(dir, name+".key")
	return path, key, os.WriteFile(path, encode("EC PRIVATE KEY", der), 0o600)
}

// The clock of a virtual machine may jump back: valid an hour ago already.
func certificate(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
