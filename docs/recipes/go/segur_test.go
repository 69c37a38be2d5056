// Run with: segur-sandbox exec -- go test -count=1 ./...
// The standard library only; all it knows comes from environment variables and HTTP.
package segur

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

type identity struct{ Certificate, Key, Chain string }

type world struct {
	Name       string
	Services   map[string]map[string]string
	Structures []struct {
		Slug, ID     string
		Certificates struct{ Pem map[string]identity }
	}
}

type exchange struct {
	Outcome string
	Verdict struct {
		Findings []struct {
			Rule, Where string
			Mend        map[string]string
		}
	}
}

func control(t *testing.T, method, path string, body, into any) {
	t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, os.Getenv("SEGUR_CONTROL_URL")+path, bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SEGUR_TOKEN"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	told, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, answer.Status, told, err)
	}
	if into != nil {
		if err := json.Unmarshal(told, into); err != nil {
			t.Fatal(err)
		}
	}
}

// A world of this test alone; it goes with the test.
func newWorld(t *testing.T) world {
	t.Helper()
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	var made world
	name := "go-" + hex.EncodeToString(random)
	control(t, "POST", "/worlds", map[string]any{"name": name, "certificates": true}, &made)
	t.Cleanup(func() { control(t, "DELETE", "/worlds/"+name, struct{}{}, nil) })
	return made
}

// An HTTP client that speaks as one structure of the world.
func (w world) as(t *testing.T, slug string) *http.Client {
	t.Helper()
	for _, structure := range w.Structures {
		if structure.Slug != slug {
			continue
		}
		own := structure.Certificates.Pem["auth_cli"]
		pair, err := tls.X509KeyPair([]byte(own.Certificate+own.Chain), []byte(own.Key))
		if err != nil {
			t.Fatal(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true, VerifyConnection: issuedBy(t, own.Chain)}
		return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	}
	t.Fatalf("no structure %s", slug)
	return nil
}

// crypto/x509 refuses our chain, because it does not know the constraint on directory names that keeps our authorities
// harmless elsewhere. So the server's certificate is held directly against the authority that issued it, and its name.
func issuedBy(t *testing.T, chain string) func(tls.ConnectionState) error {
	t.Helper()
	block, _ := pem.Decode([]byte(chain))
	if block == nil {
		t.Fatal("no PEM")
	}
	issuer, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return func(state tls.ConnectionState) error {
		server := state.PeerCertificates[0]
		if err := server.CheckSignatureFrom(issuer); err != nil {
			return err
		}
		return server.VerifyHostname(state.ServerName)
	}
}

func (w world) wait(t *testing.T, expect map[string]any) exchange {
	t.Helper()
	var told struct {
		Exchange *exchange
		Near     any
	}
	body := map[string]any{"since": 0, "timeout": 30, "expect": expect}
	control(t, "POST", "/worlds/"+w.Name+"/exchanges/wait", body, &told)
	if told.Exchange == nil {
		t.Fatalf("nothing with %v: %v", expect, told.Near)
	}
	return *told.Exchange
}

func TestARefusalSaysWhereAndHowToMendIt(t *testing.T) {
	w := newWorld(t)
	// Stands for the product under test: replace it by a call of yours.
	answer, err := w.as(t, "hospital").Post(w.Services["dmp"]["patients"], "", strings.NewReader("<not-soap/>"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	found := w.wait(t, map[string]any{"outcome": "refused"}).Verdict.Findings[0]
	if found.Rule != "DMP-SOAP-ENVELOPE" || found.Where != "/not-soap" || found.Mend["en"] == "" {
		t.Fatalf("%+v", found)
	}
}

func TestSixMonthsPassInOneCall(t *testing.T) {
	w := newWorld(t)
	var clock struct{ Wire, Business string }
	control(t, "POST", "/worlds/"+w.Name+"/clock", map[string]string{"advance": "P6M"}, &clock)
	if clock.Business <= clock.Wire {
		t.Fatalf("%+v", clock)
	}
}
