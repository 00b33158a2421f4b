package agent_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// imageBlock is the image argument for a file.
func imageBlock(path string) args {
	return args{"image": fmt.Sprintf("{\n    source = %q\n  }", path)}
}

// shows tells which image, by its digest, the service shows of an agent; "" for none.
func shows(t *testing.T, server *mockserver.Server, ticker string) string {
	t.Helper()
	shown := must(t, server, ticker).ImageURL
	if shown == nil {
		return ""
	}
	return (*shown)[strings.LastIndex(*shown, "/")+1:]
}

// TestAccImageUploads uploads an image when its content changes, and only then.
func TestAccImageUploads(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	put := func(name string, content []byte) string {
		path := filepath.Join(cli.Dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// What a file is called says nothing of what it is.
	pictures := map[string][]byte{"png": png("one"), "jpeg": jpeg("one"), "webp": webp("one")}
	var config strings.Builder
	var labels []string
	for label, content := range pictures {
		config.WriteString(agent(label, imageBlock(put(label+".bin", content))))
		labels = append(labels, label)
	}
	cli.Write("main.tf", config.String())
	cli.Settle(each("create", labels...))
	for label, content := range pictures {
		if got := shows(t, server, tickerOf(label)); got != digest(content) {
			t.Errorf("%s: the service shows %s", label, got)
		}
		attributes := cli.Attributes(address(label))
		if attributes["image"].(map[string]any)["content_sha256"] != digest(content) || attributes["image_url"] != *must(t, server, tickerOf(label)).ImageURL {
			t.Errorf("%s: state has %v, %v", label, attributes["image"], attributes["image_url"])
		}
	}

	change := func(what, config, action string, uploads int, want map[string][2]any) {
		t.Helper()
		cli.Write("main.tf", config)
		server.ClearRequests()
		cli.Look().MustDo(each(action, "png")).MustNotWarn()
		got := changed(changeOf(t, cli.ShowPlan(), address("png")))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the plan's change (-want +got):\n%s", what, diff)
		}
		cli.ApplyPlan().MustSucceed().MustNotWarn()
		cli.MustBeSettled()
		if n := acctest.Sent(server)["agents.upload_image"]; n != uploads || len(acctest.Writes(server)) != uploads {
			t.Errorf("%s: want %d uploads:\n%s", what, uploads, acctest.Traffic(server))
		}
	}
	others := agent("jpeg", imageBlock(filepath.Join(cli.Dir, "jpeg.bin"))) + agent("webp", imageBlock(filepath.Join(cli.Dir, "webp.bin")))
	url := *must(t, server, "PNG").ImageURL
	path := put("png.bin", png("two"))
	change("another content", agent("png", imageBlock(path))+others, "update", 1, map[string][2]any{
		"image.content_sha256": {digest(png("one")), unknown}, "image_url": {url, unknown},
	})
	moved := put("moved.png", png("two"))
	change("the same content elsewhere", agent("png", imageBlock(moved))+others, "update", 0, map[string][2]any{"image.source": {path, moved}})
	if got := shows(t, server, "PNG"); got != digest(png("two")) {
		t.Errorf("the service shows %s", got)
	}
	url = *must(t, server, "PNG").ImageURL
	change("another path and content", agent("png", imageBlock(put("third.png", jpeg("three"))))+others, "update", 1, map[string][2]any{
		"image.source": {moved, filepath.Join(cli.Dir, "third.png")}, "image.content_sha256": {digest(png("two")), unknown}, "image_url": {url, unknown},
	})
	// A file that has gone since is no reason to change anything.
	if err := os.Remove(filepath.Join(cli.Dir, "third.png")); err != nil {
		t.Fatal(err)
	}
	cli.Look().MustDo(nil).MustWarn("", "not there yet", "third.png")
	put("third.png", jpeg("three"))

	cli.Write("main.tf", agent("png")+others)
	server.ClearRequests()
	cli.Settle(each("update", "png"))
	if writes := acctest.Writes(server); len(writes) != 1 || shows(t, server, "PNG") != "" {
		t.Errorf("after the block was removed: %v, the service shows %q", writes, shows(t, server, "PNG"))
	}
	change("added later", agent("png", imageBlock(moved))+others, "update", 1, map[string][2]any{
		"image.source": {nil, moved}, "image.content_sha256": {nil, unknown}, "image_url": {nil, unknown},
	})
}

// TestAccImageChangedOutside replaces and removes images outside of Terraform: both are seen and mended.
func TestAccImageChangedOutside(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	ours := filepath.Join(t.TempDir(), "ours")
	if err := os.WriteFile(ours, png("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	cli.Write("main.tf", agent("replaced", imageBlock(ours))+agent("removed", imageBlock(ours))+agent("added"))
	cli.Settle(each("create", "replaced", "removed", "added"))
	api := clientFor(t, server, server.Key())
	theirs := client.Image{FileName: "x", ContentType: "image/png", Content: png("theirs")}
	for _, ticker := range []string{"REPLACED", "ADDED"} {
		if _, err := api.Agents.UploadImage(t.Context(), must(t, server, ticker).ID, theirs); err != nil {
			t.Fatal(err)
		}
	}
	if err := api.Agents.DeleteImage(t.Context(), must(t, server, "REMOVED").ID); err != nil {
		t.Fatal(err)
	}

	// An image where none is configured is the computed image_url's business alone.
	cli.Look().MustDo(each("update", "replaced", "removed")).MustDrift(each("update", "replaced", "removed", "added"))
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if acctest.Sent(server)["agents.upload_image"] != 2 || len(acctest.Writes(server)) != 2 {
		t.Errorf("mending sent\n%s", acctest.Traffic(server))
	}
	for _, ticker := range []string{"REPLACED", "REMOVED"} {
		if shows(t, server, ticker) != digest(png("ours")) {
			t.Errorf("%s shows another image", ticker)
		}
	}
	if shows(t, server, "ADDED") != digest(png("theirs")) {
		t.Error("an image that nobody configures was touched")
	}
}

// TestAccImageThatIsNone gives files that are no images, or not there: nothing is charged for an agent that could not be finished.
func TestAccImageThatIsNone(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	text := filepath.Join(t.TempDir(), "picture.png")
	if err := os.WriteFile(text, []byte("not a picture at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	cli.Write("main.tf", agent("text", imageBlock(text)))
	cli.Report("plan").MustFail("", "Image can't be used", "picture.png", "not a JPEG, PNG or WebP image", "text/plain")
	cli.Write("main.tf", agent("dir", imageBlock(t.TempDir())))
	cli.Report("plan").MustFail("", "Image can't be used")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cli.Write("main.tf", agent("empty", imageBlock(empty)))
	cli.Report("plan").MustFail("", "Image can't be used")

	missing := filepath.Join(t.TempDir(), "missing.png")
	cli.Write("main.tf", agent("missing", imageBlock(missing)))
	cli.Look().MustDo(each("create", "missing")).MustWarn("", "not there yet", "missing.png")
	applied := cli.ApplyPlan().MustFail("", "Image can't be used", "missing.png", "Nothing was changed at AUTX")
	if writes := acctest.Writes(server); len(writes) != 0 || len(ledger(server)) != 0 {
		t.Errorf("it sent %v and charged %v: %v", writes, ledger(server), applied.Errors())
	}

	// The same plan works where the file appears in time.
	cli.Look().MustDo(each("create", "missing"))
	if err := os.WriteFile(missing, webp("late"), 0o600); err != nil {
		t.Fatal(err)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if shows(t, server, "MISSING") != digest(webp("late")) {
		t.Error("the image was not uploaded")
	}

	// An update is not worth less: what can't be read fails before anything is sent.
	cli.Write("main.tf", agent("missing", imageBlock(text), args{"service_price": `"3"`}))
	cli.Report("plan").MustFail("", "Image can't be used")
	gone := filepath.Join(t.TempDir(), "gone.png")
	cli.Write("main.tf", agent("missing", imageBlock(gone)))
	cli.Look().MustDo(each("update", "missing")).MustWarn("", "not there yet")
}

// TestAccImageMadeByAnotherResource uploads a file that does not exist before the apply makes it.
func TestAccImageMadeByAnotherResource(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	if err := os.WriteFile(from, png("made"), 0o600); err != nil {
		t.Fatal(err)
	}
	cli.Write("main.tf", fmt.Sprintf(`
resource "terraform_data" "copy" {
  input = %q
  provisioner "local-exec" {
    command = "cp %s %s"
  }
}
`, to, from, to)+agent("made", args{"image": "{ source = terraform_data.copy.output }"}))
	cli.Settle(actions{"terraform_data.copy": "create", address("made"): "create"})
	if shows(t, server, "MADE") != digest(png("made")) {
		t.Error("the image was not uploaded")
	}
}

// TestAccImageUploadFails launches an agent whose image AUTX does not take: the agent is there and not tainted, a warning says what is missing, and the
// next apply makes up for it.
func TestAccImageUploadFails(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	path := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(path, png("p"), 0o600); err != nil {
		t.Fatal(err)
	}
	cli.Write("main.tf", agent("pic", imageBlock(path)))
	refused := server.AddFault("agents.upload_image:before:status=422")
	cli.Look().MustDo(each("create", "pic"))
	cli.ApplyPlan().MustSucceed().MustWarn("", "Launched, but could not upload the image", "422")
	if refused.Hits() != 1 {
		t.Errorf("%d uploads were refused", refused.Hits())
	}
	if cli.Attributes(address("pic"))["image"].(map[string]any)["content_sha256"] != nil {
		t.Error("state claims an upload")
	}
	cli.Settle(each("update", "pic"))
	if shows(t, server, "PIC") != digest(png("p")) || len(ledger(server)) != 1 {
		t.Errorf("the service shows %s, ledger %v", shows(t, server, "PIC"), ledger(server))
	}
}
