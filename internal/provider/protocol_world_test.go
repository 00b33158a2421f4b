package provider_test

import (
	"context"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// asOwner makes a request behind Terraform's back, with our key, and fails the test unless it succeeds.
func asOwner(t testing.TB, server *mockserver.Server, method, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+server.Key())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

// imageFile makes a small picture.
func imageFile(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "agent.png")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // an error shows when it is read
	if err := png.Encode(file, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return name
}

// waitForRequest waits until the server has got a request of an operation.
func waitForRequest(t testing.TB, server *mockserver.Server, operation string) {
	t.Helper()
	deadline, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !slices.Contains(calls(server), operation) {
		if deadline.Err() != nil {
			t.Fatalf("the server got no request %s, but %v", operation, calls(server))
		}
		runtime.Gosched()
	}
}

// fixed is where a clock that stands still stands.
var fixed = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
