// Judges certificate chains as a Go client does: chains.go ROOTS CHAIN..., one line each, ok or the refusal.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func read(path string) []*x509.Certificate {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	var found []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			panic(err)
		}
		found = append(found, certificate)
	}
	return found
}

func main() {
	roots := x509.NewCertPool()
	for _, root := range read(os.Args[1]) {
		roots.AddCert(root)
	}
	for _, path := range os.Args[2:] {
		chain, between := read(path), x509.NewCertPool()
		for _, above := range chain[1:] {
			between.AddCert(above)
		}
		_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		if err != nil {
			fmt.Println("refused", err)
		} else {
			fmt.Println("ok")
		}
	}
}
