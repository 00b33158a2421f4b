package mockserver

import (
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"
)

func createOrderWithFiles(w *world, x *exchange) *answer {
	found := &problems{}
	f := x.readForm(found)
	if f == nil {
		return found.rejection()
	}
	need := func(name string) string {
		value, ok := f.field(name)
		if !ok {
			found.add([]any{"body", name}, "missing", "Field required")
		}
		return value
	}
	id, prompt := need("agent_id"), need("prompt")
	method, _ := f.field("payment_method")
	files := f.files["files"]
	if len(files) == 0 {
		found.add([]any{"body", "files"}, "missing", "Field required")
	}
	if refused := found.rejection(); refused != nil {
		return refused
	}
	a := w.listedByID(id)
	if a == nil {
		return notFound("Agent")
	}
	states := make([]FileState, len(files))
	for i, file := range files {
		if kind, msg := a.rejects(file); kind != "" {
			found.add([]any{"body", "files", i}, kind, msg)
		}
		states[i] = FileState{Name: file.name, Size: int64(len(file.data)), SHA256: hexSHA256(file.data)}
	}
	if refused := found.rejection(); refused != nil {
		return refused
	}
	return w.buy(x.user, id, prompt, firstOf(method, "credits"), states)
}

// rejects tells what is wrong with a file for the agent. The client sends every file as application/octet-stream, so that the extension decides.
func (a *agent) rejects(file formFile) (kind, msg string) {
	m := a.Manifest
	switch {
	case m == nil || !m.Input.AcceptsFiles:
		return "value_error", "The agent does not accept files"
	case int64(len(file.data)) > m.Input.MaxSizeBytes:
		return "value_error", fmt.Sprintf("File '%s' has %d bytes, more than %d", file.name, len(file.data), m.Input.MaxSizeBytes)
	case len(m.Input.FileTypes) == 0:
		return "", ""
	}
	if slices.ContainsFunc(m.Input.FileTypes, file.is) {
		return "", ""
	}
	return "value_error", fmt.Sprintf("File '%s' is none of %s", file.name, strings.Join(m.Input.FileTypes, ", "))
}

// mediaTypes knows the extensions that agents are likely to ask for. The system's own table differs from machine to machine.
var mediaTypes = map[string]string{
	"pdf": "application/pdf", "json": typeJSON, "xml": "application/xml", "zip": "application/zip", "txt": "text/plain", "md": "text/markdown",
	"csv": "text/csv", "html": "text/html", "htm": "text/html", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
	"gif": "image/gif", "svg": "image/svg+xml", "mp3": "audio/mpeg", "wav": "audio/wav", "mp4": "video/mp4", "doc": "application/msword",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "xls": "application/vnd.ms-excel",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

// is tells whether a file is of a type: an extension with or without its dot, a media type, or a group of media types like image/*.
func (f formFile) is(wanted string) bool {
	wanted = strings.ToLower(strings.TrimSpace(wanted))
	extension := strings.TrimPrefix(strings.ToLower(path.Ext(f.name)), ".")
	if !strings.Contains(wanted, "/") {
		return wanted == "*" || strings.TrimPrefix(wanted, ".") == extension
	}
	sent, _, err := mime.ParseMediaType(f.contentType)
	if err != nil {
		sent = ""
	}
	group, isGroup := strings.CutSuffix(wanted, "*")
	for _, kind := range []string{sent, mediaTypes[extension]} {
		if kind == wanted || (isGroup && kind != "" && strings.HasPrefix(kind, group)) {
			return true
		}
	}
	return false
}
