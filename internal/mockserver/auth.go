package mockserver

import (
	"net/http"
	"slices"
	"strings"
)

// keyPrefix is what every API key starts with (client 0.4.1).
const keyPrefix = "autx_live_"

// identify finds out whose key a request carries.
func (x *exchange) identify(w *world) {
	x.key, x.user = nil, nil
	header := x.r.Header.Get("Authorization")
	x.hasKey = header != ""
	scheme, token, _ := strings.Cut(header, " ")
	if strings.EqualFold(scheme, "Bearer") {
		x.key = w.keys[strings.TrimSpace(token)]
	}
	if x.key != nil {
		x.user = x.key.owner
	}
}

// authorize refuses a request whose key is missing, wrong or lacks the operation's scope. A wrong key is refused even where none is needed.
func (x *exchange) authorize() *answer {
	switch {
	case !x.hasKey && x.op.scope != "":
		return refuse(http.StatusUnauthorized, "Not authenticated").with("WWW-Authenticate", "Bearer")
	case x.hasKey && x.key == nil:
		return refuse(http.StatusUnauthorized, "Invalid API key").with("WWW-Authenticate", "Bearer")
	case x.op.scope != "" && !x.key.allows(x.op.scope):
		return missingScope(x.op.scope)
	}
	return nil
}

func missingScope(scope string) *answer {
	return refuse(http.StatusForbidden, "API key lacks the scope '%s'", scope)
}

// allows tells whether the key has a scope; * is all of them (public API page).
func (k *key) allows(scope string) bool {
	return slices.Contains(k.Scopes, scopeAll) || slices.Contains(k.Scopes, scope)
}
