package client

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
)

// TestEverySpellingOfASecret scrubs a secret in each form that a service, a proxy or a log might give it, wherever it stands.
func TestEverySpellingOfASecret(t *testing.T) {
	t.Parallel()
	const secret = `autx_live_S3cr3t/Ap1+K3y=&%"<~>`
	scrub := secretsOf(secret).scrub
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]string{
		"as it is": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret), "HTML": html.EscapeString(secret), "JSON": string(quoted),
		"JSON without HTML": `"` + strings.ReplaceAll(secret, `"`, `\"`) + `"`, "hex": hex.EncodeToString([]byte(secret)),
		"HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
	} {
		if got := scrub("<" + form + ">"); strings.Contains(got, "S3cr3t") || strings.Contains(got, form) || !strings.Contains(got, redacted) {
			t.Errorf("%s: %q became %q", name, form, got)
		}
	}
	// What base64 leaves at the ends tells at most the outer bytes.
	for _, before := range []string{"", "x", "Bearer ", "user:pass:"} {
		for _, after := range []string{"", "!", "!!"} {
			for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
				form := encoding.EncodeToString([]byte(before + secret + after))
				got := scrub(form)
				if left := len(form) - len(strings.Replace(got, redacted, "", 1)); !strings.Contains(got, redacted) || left < len(secret)*4/3-3 {
					t.Errorf("%q before %q, %q in base64 became %q", before, after, form, got)
				}
			}
		}
	}
}

// TestShortSecretsStayReadable leaves text alone that an encoding of a short secret might occur in by chance.
func TestShortSecretsStayReadable(t *testing.T) {
	t.Parallel()
	const text = "POST /agents/: 409 Conflict: Ticker 'MYAG' is taken, dGVzdA"
	if got := secretsOf("abc", "").scrub(text); got != text {
		t.Errorf("became %q", got)
	}
	if got := secretsOf("test").scrub("a test, dGVzdA"); got != "a "+redacted+", dGVzdA" {
		t.Errorf("became %q", got)
	}
}

// TestListsOfSecretsAreJoined scrubs the secrets of both, the longer one first.
func TestListsOfSecretsAreJoined(t *testing.T) {
	t.Parallel()
	both := secretsOf("secret-one").and(secretsOf("secret-one-and-two"))
	if got := both.scrub("secret-one-and-two secret-one"); got != redacted+" "+redacted {
		t.Errorf("became %q", got)
	}
}
