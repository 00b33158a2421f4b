package main

import (
	"bufio"
	"strings"
	"testing"
)

func TestSameAmount(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		a, b any
		same bool
	}{
		{"0.50", "0.5", true},
		{20.0, "20", true},
		{"20", "20.01", false},
		{nil, nil, false},
		{"", "", false},
		{"twenty", "twenty", false},
	} {
		if got := sameAmount(c.a, c.b); got != c.same {
			t.Errorf("sameAmount(%v, %v) = %v", c.a, c.b, got)
		}
	}
}

func TestReadAnnouncement(t *testing.T) {
	t.Parallel()

	var m mock
	if err := m.readAnnouncement(bufio.NewReader(strings.NewReader(
		"export AUTX_BASE_URL=http://127.0.0.1:4711/api/v1\nexport AUTX_API_KEY=autx_live_demo\nmore\n"))); err != nil {
		t.Fatal(err)
	}
	if m.baseURL != "http://127.0.0.1:4711/api/v1" || m.apiKey != "autx_live_demo" || len(m.environment) != 2 {
		t.Errorf("got %q, %q and %q", m.baseURL, m.apiKey, m.environment)
	}
	for _, said := range []string{"", "export AUTX_API_KEY=autx_live_demo\n", "listening\n"} {
		if err := new(mock).readAnnouncement(bufio.NewReader(strings.NewReader(said))); err == nil {
			t.Errorf("%q was taken for an announcement", said)
		}
	}
}

func TestProviderAddress(t *testing.T) {
	t.Parallel()

	found := providerAddress.FindStringSubmatch("Providers required by configuration:\n.\n└── provider[example.com/autx-ai/autx] ~> 0.1\n")
	if len(found) != 2 || found[1] != "example.com/autx-ai/autx" {
		t.Errorf("got %q", found)
	}
}
