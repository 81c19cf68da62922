package ossserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"
)

// doors are the listeners of a started server.
type doors struct {
	data, admin, sts net.Listener
	servers          []*http.Server
	done             sync.WaitGroup
	certificate      *x509.Certificate
}

// Start opens the folder and listens. Close stops it.
func Start(opt Options) (*Server, error) {
	s, err := New(opt)
	if err != nil {
		return nil, err
	}
	cert, err := selfSigned()
	if err != nil {
		return nil, err
	}
	s.doors.certificate = cert.Leaf
	for _, door := range []struct {
		at       *net.Listener
		address  string
		loopback bool
	}{
		{&s.doors.data, opt.Listen, false},
		{&s.doors.admin, opt.AdminListen, true},
		{&s.doors.sts, opt.STSListen, true},
	} {
		if *door.at, err = listen(door.address, door.loopback); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.doors.sts = tls.NewListener(s.doors.sts, &tls.Config{Certificates: []tls.Certificate{cert}})
	s.serveDoor(s.doors.data, &http.Server{Handler: s, ConnState: s.countConnections})
	s.serveDoor(s.doors.admin, &http.Server{Handler: s.Admin()})
	s.serveDoor(s.doors.sts, &http.Server{Handler: s.STS()})
	return s, nil
}

func (s *Server) countConnections(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.stats.connection()
	}
}

func (s *Server) serveDoor(l net.Listener, server *http.Server) {
	server.ReadHeaderTimeout, server.IdleTimeout = 10*time.Second, 2*time.Minute
	s.doors.servers = append(s.doors.servers, server)
	s.doors.done.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("listener stopped", "address", l.Addr().String(), "err", err)
		}
	})
}

func listen(address string, loopback bool) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); loopback && (!ok || !tcp.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("listen on %q: only loopback addresses may serve administration; give 127.0.0.1:port", address), l.Close())
	}
	return l, nil
}

// Endpoint is the object store's address, as "http://127.0.0.1:1234".
func (s *Server) Endpoint() string { return "http://" + s.doors.data.Addr().String() }

// AdminEndpoint is the admin door's address.
func (s *Server) AdminEndpoint() string { return "http://" + s.doors.admin.Addr().String() }

// STSEndpoint is the host and port of STS, which speaks TLS with the certificate
// of STSCertificate.
func (s *Server) STSEndpoint() string { return s.doors.sts.Addr().String() }

// STSRoots trust the STS door.
func (s *Server) STSRoots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.doors.certificate)
	return pool
}

// STSCertificate is the STS door's certificate in PEM, for SSL_CERT_FILE.
func (s *Server) STSCertificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.doors.certificate.Raw})
}

// Close stops listening and breaks off what is being served.
func (s *Server) Close() error {
	var err error
	for _, server := range s.doors.servers {
		err = errors.Join(err, server.Close())
	}
	s.doors.done.Wait()
	if len(s.doors.servers) == 0 { // Start gave up half way
		for _, l := range []net.Listener{s.doors.data, s.doors.admin, s.doors.sts} {
			if l != nil {
				err = errors.Join(err, l.Close())
			}
		}
	}
	return err
}

// Shutdown stops listening and waits for what is being served.
func (s *Server) Shutdown(ctx context.Context) error {
	var err error
	for _, server := range s.doors.servers {
		err = errors.Join(err, server.Shutdown(ctx))
	}
	return err
}

// selfSigned makes a certificate for loopback that lives as long as the process.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "ossserver"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
