package mockserver_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// part is a part of a multipart body; a file if it has a file name.
type part struct{ name, file, contentType, content string }

// multi sends a multipart body.
func (c *caller) multi(path string, parts ...part) reply {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		disposition := `form-data; name="` + p.name + `"`
		if p.file != "" {
			disposition += `; filename="` + p.file + `"`
		}
		header := textproto.MIMEHeader{"Content-Disposition": {disposition}}
		if p.contentType != "" {
			header.Set("Content-Type", p.contentType)
		}
		if _, err := must(w.CreatePart(header)).Write([]byte(p.content)); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	return c.send(http.MethodPost, c.s.URL()+path, w.FormDataContentType(), body.String())
}

func TestImages(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	const path = "/agents/" + idSumm + "/image"
	upload := func(kind, content string) string {
		t.Helper()
		return seller.multi(path, part{"file", "logo.bin", kind, content}).want(200)["image_url"].(string)
	}
	png := upload("image/png", "a png")
	if !last(t, s).Committed || !strings.HasPrefix(png, s.ControlURL()+"/images/") {
		t.Errorf("image_url %s", png)
	}
	if got := seller.send(http.MethodGet, png, "", ""); got.status != 200 || string(got.body) != "a png" || got.header.Get("Content-Type") != "image/png" {
		t.Errorf("the image is %d %s %q", got.status, got.header.Get("Content-Type"), got.body)
	}
	if again := upload("image/png", "a png"); again != png || last(t, s).Committed {
		t.Error("the same image again changed something")
	}
	if got := buyer.get("/agents/" + idSumm).want(200); got["image_url"] != png {
		t.Errorf("image_url %v", got["image_url"])
	}
	webp := upload("image/webp", "a webp")
	if webp == png {
		t.Error("another image has the same URL")
	}
	seller.send(http.MethodGet, png, "", "").refused(404) // replaced
	if got := upload("image/jpeg", "a webp"); got != webp || seller.send(http.MethodGet, webp, "", "").header.Get("Content-Type") != "image/jpeg" {
		t.Error("the content type was not replaced")
	}
	seller.delete(path).want(204)
	if got := buyer.get("/agents/" + idSumm).want(200); got["image_url"] != nil {
		t.Errorf("image_url %v", got["image_url"])
	}
	seller.delete(path).want(204)
	if last(t, s).Committed {
		t.Error("deleting no image changed something")
	}
}

func TestImagesRefused(t *testing.T) {
	t.Parallel()
	_, buyer, seller := newShop(t)
	const path = "/agents/" + idSumm + "/image"
	for _, parts := range [][]part{
		{},
		{{"image", "a.png", "image/png", "x"}},
		{{"file", "", "", "x"}},
		{{"file", "a.gif", "image/gif", "x"}},
		{{"file", "a.png", "image/png", ""}},
		{{"file", "a.png", "", "x"}},
	} {
		if got := seller.multi(path, parts...).invalid(); len(got) != 1 || got[0] != "body.file" {
			t.Errorf("%v: %v", parts, got)
		}
	}
	if got := seller.post(path, `{"file":"x"}`).invalid(); got[0] != "body" {
		t.Error(got)
	}
	broken := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nno end"
	if got := seller.send(http.MethodPost, seller.s.URL()+path, "multipart/form-data; boundary=b", broken).invalid(); got[0] != "body" {
		t.Error(got)
	}
	buyer.multi(path).refused(403)
	buyer.delete(path).refused(403)
	seller.multi("/agents/"+idUnknown+"/image", part{"file", "a.png", "image/png", "x"}).refused(404)
	seller.delete("/agents/" + idUnknown + "/image").refused(404)
}

func TestImagesGoWithTheirAgent(t *testing.T) {
	t.Parallel()
	s, _, seller := newShop(t)
	image := func(id string) string {
		return seller.multi("/agents/"+id+"/image", part{"file", "a.png", "image/png", "same"}).want(200)["image_url"].(string)
	}
	if a, b := image(idSumm), image(idFree); a != b {
		t.Errorf("%s, %s", a, b)
	}
	url := image(idFree)
	seller.delete("/agents/" + idSumm).want(204)
	if got := seller.send(http.MethodGet, url, "", ""); got.status != 200 {
		t.Errorf("the image of another agent is %d", got.status)
	}
	seller.delete("/agents/" + idFree).want(204)
	seller.send(http.MethodGet, url, "", "").refused(404)
	_ = s
}

func TestSeededImage(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"category": "misc"`, `"image_url": "https://cdn.example/x.png"`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed))
	seller := as(t, s, "autx_live_seller")
	if got := seller.get("/agents/" + idFree).want(200); got["image_url"] != "https://cdn.example/x.png" {
		t.Errorf("image_url %v", got["image_url"])
	}
	seller.delete("/agents/" + idFree + "/image").want(204)
	if got := seller.get("/agents/" + idFree).want(200); got["image_url"] != nil {
		t.Errorf("image_url %v", got["image_url"])
	}
}
