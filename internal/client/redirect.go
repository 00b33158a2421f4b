package client

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is how many redirects one attempt follows.
const maxRedirects = 3

// redirectError is a redirect that was not followed. The request, and with it the API key, went nowhere but to the configured host.
type redirectError struct{ target, reason string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("redirected to %s, which was not followed (%s); the API key was not sent there", e.target, e.reason)
}

// checkRedirect follows a redirect only to the same scheme, host and port, and only when method and body stay what they are (the service answers the
// other form of a path, with or without a trailing slash, with a 307: assumed).
func checkRedirect(next *http.Request, via []*http.Request) error {
	first, last := via[0], via[len(via)-1]
	var reason string
	switch {
	case origin(next.URL) != origin(first.URL):
		reason = "another scheme, host or port"
	case next.URL.User != nil:
		reason = "it contains a user"
	case next.Method != last.Method:
		reason = "it would turn " + last.Method + " into " + next.Method
	case len(via) > maxRedirects:
		reason = fmt.Sprintf("more than %d redirects", maxRedirects)
	default:
		return nil
	}
	return &redirectError{target: withoutQuery(next.URL), reason: reason}
}

// origin is scheme, host and port of a URL, spelled one way.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{schemeHTTP: "80", schemeHTTPS: "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme) + "://" + strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) + ":" + port
}

// withoutQuery shows a URL without what may be confidential in it.
func withoutQuery(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return oneLine(shown.String(), maxMessage)
}
