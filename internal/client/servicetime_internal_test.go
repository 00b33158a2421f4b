package client

import (
	"net/http"
	"testing"
	"time"
)

// TestTimeOfAnAnswer prefers an answer's own Date to that of another answer which came in between.
func TestTimeOfAnAnswer(t *testing.T) {
	t.Parallel()
	c, err := New(Config{APIKey: KeyPrefix + "x"})
	if err != nil {
		t.Fatal(err)
	}
	own := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	header := http.Header{"Date": {own.Format(http.TimeFormat)}, headerRetryAfter: {own.Add(7 * time.Second).Format(http.TimeFormat)}}
	c.noteDate(http.Header{"Date": {own.Add(time.Hour).Format(http.TimeFormat)}})
	if got := c.timeOf(header); !got.Equal(own) {
		t.Errorf("%s; want %s", got, own)
	}
	if wait, asked := c.retryAfter(header); wait != 7*time.Second || !asked {
		t.Errorf("a wait of %s, %t", wait, asked)
	}
	header.Set("Date", "today")
	if off := c.timeOf(header).Sub(own.Add(time.Hour)); off < 0 || off > time.Minute {
		t.Errorf("without a time of its own it is %s off what is known from another", off)
	}
}
