package orders_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

const canary = "CANARY7f3dd0bb2c"

// leaks tells whether text holds the canary in any spelling that a printer makes of bytes.
func leaks(text string) bool {
	spellings := []string{
		canary,
		hex.EncodeToString([]byte(canary)),
		strings.ToUpper(hex.EncodeToString([]byte(canary))),
		base64.StdEncoding.EncodeToString([]byte(canary)),
		strings.Trim(fmt.Sprint([]byte(canary)), "[]"),
		strings.Trim(fmt.Sprintf("% x", canary), "[]"),
		strings.TrimSuffix(fmt.Sprintf("%#v", []byte(canary))[len("[]byte{"):], "}"),
	}
	for _, spelling := range spellings {
		if strings.Contains(text, spelling) {
			return true
		}
	}
	return false
}

// outputs prints v in every way that we know of.
func outputs(v any) []string {
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%T", "%p", "%c", "%b", "%o", "%U", "%100.3s"} {
		out = append(out, fmt.Sprintf(verb, v))
	}
	if text, err := json.Marshal(v); err == nil {
		out = append(out, string(text))
	} else {
		out = append(out, err.Error())
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("event", "value", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("event", "value", v)
	return append(out, log.String())
}

func TestNoSecretLeaks(t *testing.T) {
	secret := orders.NewSecret([]byte(canary))
	signer, err := orders.NewHMACSigner(canary, secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.WithPassphrase(secret); err != nil {
		t.Fatal(err)
	}
	if _, err := signer.WithToken(secret); err != nil {
		t.Fatal(err)
	}
	b := binanceBuilder(signer, limitSpec(), testIDs)
	template := mustBuild(t, b, signer)
	type under struct {
		secret orders.Secret
		Public orders.Secret
		signer *orders.Signer
		value  orders.Template
		draft  orders.TemplateBuilder
	}
	values := map[string]any{
		"secret": secret, "pointer": &secret, "slice": []orders.Secret{secret}, "map": map[string]orders.Secret{"k": secret},
		"unexported field": under{secret: secret, Public: secret, signer: signer}, "nested pointer": &under{secret: secret, signer: signer, value: *template, draft: *b},
		"signer": signer, "signer value": *signer, "template": template, "template value": *template, "builder": b, "builder value": *b,
	}
	for name, bad := range badCredentials() {
		values["error: "+name] = bad
	}
	for name, v := range maps.Clone(values) {
		values["wrapped "+name] = fmt.Errorf("wrapped: %w", fmt.Errorf("%v", v))
	}
	tracker := orders.NewTracker(2)
	tracker.Add(1, 1, template, fixed.Number{}, amount(1))
	values["tracker"], values["orders"] = tracker, tracker.Snapshot(nil, false)
	for name, v := range values {
		for _, text := range outputs(v) {
			if leaks(text) {
				t.Errorf("%s leaks: %s", name, text)
			}
		}
	}
	if !leaks(fmt.Sprint(canary)) || !leaks(fmt.Sprintf("%v", []byte(canary))) || !leaks(fmt.Sprintf("%x", canary)) {
		t.Fatal("this test cannot see a leak")
	}
}

// badCredentials are errors about values that hold the canary.
func badCredentials() map[string]error {
	out := map[string]error{}
	_, out["white space"] = orders.NewHMACSigner("key", orders.NewSecret([]byte(canary+"\n")))
	_, out["quote in key"] = orders.NewHMACSigner(canary+`"`, orders.NewSecret([]byte("s")))
	_, out["control character"] = orders.NewHMACSigner("key", orders.NewSecret([]byte("\x01"+canary)))
	_, out["no base64"] = orders.NewEncodedHMACSigner("key", orders.NewSecret([]byte(canary+"*")), orders.SecretBase64)
	_, out["empty"] = orders.NewHMACSigner(canary, orders.Secret{})
	for _, alg := range []string{"hmac-sha256", "hmac-sha512", "ed25519", "rsa-sha256", "es256", "none"} {
		for _, encoding := range []string{"base64", "pem", "whatever"} {
			pem := "-----BEGIN PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString([]byte(canary)) + "\n-----END PRIVATE KEY-----\n"
			_, out[alg+" "+encoding] = orders.SignText(alg, orders.NewSecret([]byte(canary+"*")), encoding, nil, "hex")
			_, out[alg+" "+encoding+" pem"] = orders.SignText(alg, orders.NewSecret([]byte(pem)), encoding, nil, "hex")
		}
	}
	return out
}

func TestBadCredentialsAreRefused(t *testing.T) {
	for name, err := range badCredentials() {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	_, err := orders.NewHMACSigner("key", orders.NewSecret([]byte("pasted\n")))
	if want := "orders: credentials: secret must not contain white space"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestSecretWipe(t *testing.T) {
	own := []byte("visible")
	secret := orders.NewSecret(own)
	clear(own)
	if string(secret.Reveal()) != "visible" {
		t.Fatal("the secret shares the caller's bytes")
	}
	held := secret.Reveal()
	secret.Wipe()
	if strings.Trim(string(held), "\x00") != "" {
		t.Fatalf("%q is left", held)
	}
	if !(orders.Secret{}).Empty() {
		t.Fatal("the zero Secret is not empty")
	}
}
