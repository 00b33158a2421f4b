package mockserver

import (
	"net/http"
	"slices"
)

// imagesPath is where uploaded images are served.
const imagesPath = controlPath + "/images/"

// imageURL is where the agent's image is: an uploaded one on this server, or where a seed says.
func (a *agent) imageURL(base string) *string {
	if a.ImageSHA256 != "" {
		return textOrNull(base + imagesPath + a.ImageSHA256)
	}
	return textOrNull(a.ImageURL)
}

func uploadImage(w *world, x *exchange) *answer {
	if refused := w.notYours(x); refused != nil {
		return refused
	}
	found := &problems{}
	f := x.readForm(found)
	if f == nil {
		return found.rejection()
	}
	loc := []any{"body", "file"}
	files := f.files["file"]
	switch {
	case len(files) == 0:
		found.add(loc, "missing", "Field required")
	case !slices.Contains([]string{"image/jpeg", "image/png", "image/webp"}, files[0].contentType):
		found.add(loc, "value_error", "The image must be image/jpeg, image/png or image/webp")
	case len(files[0].data) == 0:
		found.add(loc, "value_error", "The image is empty")
	}
	if refused := found.rejection(); refused != nil {
		return refused
	}
	a := w.listedByID(x.values["agent_id"])
	if a == nil {
		return notFound("Agent")
	}
	digest := hexSHA256(files[0].data)
	if known, ok := w.images[digest]; a.ImageSHA256 != digest || !ok || known.ContentType != files[0].contentType {
		w.images[digest] = image{files[0].contentType, files[0].data}
		a.ImageSHA256, a.ImageURL = digest, ""
		w.dropUnusedImages()
		w.changed()
	}
	return jsonAnswer(http.StatusOK, w.shown(a, x.base))
}

func deleteImage(w *world, x *exchange) *answer {
	if refused := w.notYours(x); refused != nil {
		return refused
	}
	a := w.listedByID(x.values["agent_id"])
	if a == nil {
		return notFound("Agent")
	}
	if a.ImageSHA256 != "" || a.ImageURL != "" {
		a.ImageSHA256, a.ImageURL = "", ""
		w.dropUnusedImages()
		w.changed()
	}
	return emptyAnswer(http.StatusNoContent)
}

// dropUnusedImages forgets images that no agent shows any more.
func (w *world) dropUnusedImages() {
	for digest := range w.images {
		if !slices.ContainsFunc(w.agents, func(a *agent) bool { return a.ImageSHA256 == digest }) {
			delete(w.images, digest)
		}
	}
}

// serveImage serves an uploaded image.
func (s *Server) serveImage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	img, ok := s.world.images[r.PathValue("sha256")]
	s.mu.Unlock()
	if !ok {
		write(w, notFound("Image"))
		return
	}
	write(w, &answer{status: http.StatusOK, header: http.Header{"Content-Type": {img.ContentType}}, body: img.Data})
}
