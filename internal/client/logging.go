package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// LogSubsystem is the tflog subsystem under which the client logs: at debug level a line for each attempt, at trace level its bodies without secrets.
const LogSubsystem = "autx"

// maxLoggedBody bounds, in bytes, what is logged of one body.
const maxLoggedBody = 4 << 10

// logContext sets the subsystem up. Without a logger in the context it does nothing, and neither does logging.
func (c *Client) logContext(ctx context.Context) context.Context {
	return tflog.NewSubsystem(ctx, LogSubsystem, tflog.WithRootFields())
}

func logAttempt(ctx context.Context, current *call, req *http.Request, took time.Duration, err error) {
	secrets, t := current.req.secrets, current.trip
	fields := map[string]any{
		"method": req.Method, "path": secrets.scrub(req.URL.EscapedPath()), "status": t.status, "duration_ms": took.Milliseconds(),
		"attempt": current.attempts,
	}
	if id := t.requestID(secrets); id != "" {
		fields["request_id"] = id
	}
	if err == nil {
		err = t.bodyErr
	}
	if err != nil {
		fields["error"] = oneLine(secrets.scrub(err.Error()), maxMessage)
	}
	tflog.SubsystemDebug(ctx, LogSubsystem, "AUTX request", fields)
	tflog.SubsystemTrace(ctx, LogSubsystem, "AUTX request and answer", map[string]any{
		"method": req.Method, "path": fields["path"], "attempt": current.attempts,
		"request_body":  lazyBody{contentType: current.req.contentType, body: current.req.body, secrets: secrets, hidden: current.req.confidential},
		"response_body": lazyBody{contentType: t.header.Get(headerContentType), body: t.body, secrets: secrets, hidden: current.req.confidential},
	})
}

func logReadProblems(ctx context.Context, ans *answer, problems []string) {
	const enough = 20
	ctx = tflog.NewSubsystem(ctx, LogSubsystem, tflog.WithRootFields())
	tflog.SubsystemWarn(ctx, LogSubsystem, "AUTX sent fields of an unexpected type; they are treated as not reported", map[string]any{
		"method": ans.req.method, "path": ans.req.secrets.scrub(ans.req.path), "count": len(problems),
		"fields": oneLine(ans.req.secrets.scrub(strings.Join(problems[:min(len(problems), enough)], "; ")), maxMessage),
	})
}

// logFrame logs a frame of a conversation, without secrets.
func (c *Conversation) logFrame(direction string, raw []byte) {
	tflog.SubsystemTrace(c.life, LogSubsystem, "AUTX frame", map[string]any{
		"method": methodSocket, "path": c.loggedPath(), "direction": direction, "bytes": len(raw),
		"frame": lazyBody{contentType: contentTypeJSON, body: raw, secrets: c.req.secrets},
	})
}

func (c *Conversation) logUnknown(kind string) {
	tflog.SubsystemDebug(c.life, LogSubsystem, "AUTX sent a frame of an unknown type; it is ignored", map[string]any{
		"method": methodSocket, "path": c.loggedPath(), "type": oneLine(c.req.secrets.scrub(kind), maxExcerpt),
	})
}

func (c *Conversation) logTurn(turn Turn, took time.Duration, err error) {
	fields := map[string]any{
		"method": methodSocket, "path": c.loggedPath(), "duration_ms": took.Milliseconds(), "output_bytes": len(turn.Output), "done": turn.Done,
		"billed": turn.Billed, "session_id": c.session.ID, "order_id": turn.OrderID.Or(""),
	}
	c.logWithError("AUTX turn", fields, err)
}

func (c *Conversation) logEnd(err error) {
	c.logWithError("AUTX session closed", map[string]any{"method": methodSocket, "path": c.loggedPath(), "session_id": c.session.ID}, err)
}

func (c *Conversation) logWithError(message string, fields map[string]any, err error) {
	if err != nil {
		fields["error"] = oneLine(c.req.secrets.scrub(err.Error()), maxMessage)
	}
	tflog.SubsystemDebug(c.life, LogSubsystem, message, fields)
}

func (c *Conversation) loggedPath() string { return c.req.secrets.scrub(c.req.path) }

func logSlowedDown(ctx context.Context, wait time.Duration) {
	tflog.SubsystemWarn(ctx, LogSubsystem, "Requests to AUTX are waiting for the rate limit; this is logged once", map[string]any{
		"wait_ms": wait.Milliseconds(),
	})
}

// lazyBody is a body in a log line. It is made presentable only if the line is written: below trace level it costs nothing.
type lazyBody struct {
	contentType string
	body        []byte
	secrets     secretList
	hidden      bool
}

// MarshalText is how the JSON log writes it.
func (b lazyBody) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String is how every other log writes it.
func (b lazyBody) String() string {
	switch {
	case len(b.body) == 0:
		return ""
	case b.hidden:
		return fmt.Sprintf("%d bytes, which are not logged", len(b.body))
	case strings.HasPrefix(b.contentType, "multipart/"):
		return fmt.Sprintf("%d bytes of multipart/form-data", len(b.body)) // files: large, and theirs to keep confidential
	}
	return shorten(strings.ToValidUTF8(b.secrets.scrub(redactJSON(b.body)), "\uFFFD"), maxLoggedBody)
}

// secretKeys are the JSON keys whose values are never logged, in any object at any depth.
var secretKeys = map[string]bool{
	"api_key": true, "apikey": true, "provider_api_key": true, "token": true, "access_token": true, "refresh_token": true, "authorization": true,
	"password": true, "secret": true, "client_secret": true, "key": true, "private_key": true, "jwt": true,
}

// secretPair finds such keys in what is no complete JSON, such as an answer that broke off.
var secretPair = regexp.MustCompile(`(?i)("(?:api_?key|provider_api_key|(?:access_|refresh_)?token|authorization|password|(?:client_)?secret|` +
	`(?:private_)?key|jwt)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)`)

// redactJSON gives a JSON body without the values of secretKeys.
func redactJSON(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var parsed any
	if err := decoder.Decode(&parsed); err != nil || decoder.More() {
		return secretPair.ReplaceAllString(string(body), `${1}"`+redacted+`"`)
	}
	out, err := json.Marshal(redactValue(parsed))
	if err != nil {
		return fmt.Sprintf("%d bytes", len(body))
	}
	return string(out)
}

func redactValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if secretKeys[strings.ToLower(key)] && inner != nil {
				value[key] = redacted
				continue
			}
			value[key] = redactValue(inner)
		}
	case []any:
		for i, inner := range value {
			value[i] = redactValue(inner)
		}
	}
	return value
}
