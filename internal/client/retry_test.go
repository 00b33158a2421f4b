package client_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// TestStatuses goes through the retry rules: what each status does to each kind of request, and what is said to have happened.
func TestStatuses(t *testing.T) {
	t.Parallel()
	passing := map[int]bool{408: true, 429: true, 502: true, 503: true, 504: true}
	for name, kind := range oneOfEachKind() {
		for _, status := range []int{
			300, 302, 304, 400, 401, 402, 403, 404, 405, 408, 409, 413, 422, 425, 429, 451, 499, 500, 501, 502, 503, 504, 507, 520, 599,
		} {
			t.Run(fmt.Sprintf("%s/%d", name, status), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
						return respond(req, status, nil, `{"detail": "no"}`), nil
					}}
					e := mustFail(t, kind.call(t.Context(), wire.client(t)))
					attempts, outcome := 1, client.Unknown
					if passing[status] && !kind.spending {
						attempts = 4
					}
					if status >= 400 && status < 500 && status != 408 {
						outcome = client.Refused
					}
					if len(wire.times()) != attempts || e.Attempts != attempts {
						t.Errorf("%d requests, said to be %d; want %d", len(wire.times()), e.Attempts, attempts)
					}
					if e.Status != status || e.Outcome != outcome || e.MayHaveBeenCarriedOut() != (outcome == client.Unknown) {
						t.Errorf("status %d, outcome %s; want %d, %s", e.Status, e.Outcome, status, outcome)
					}
					if status >= 400 && e.Message != "no" {
						t.Errorf("the message is %q", e.Message)
					}
				})
			})
		}
	}
}

// TestPassingFailures lets the first two attempts fail in each way and asks whether there was a third.
func TestPassingFailures(t *testing.T) {
	t.Parallel()
	const unanswered = 0
	failures := map[string]struct {
		fail          func(req *http.Request) (*http.Response, error)
		spendingToo   bool
		outcome       client.Outcome
		status        int
		notRepeatable bool
	}{
		"dial":     {func(req *http.Request) (*http.Response, error) { notConnected(req); return nil, errDial }, true, client.NotSent, unanswered, false},
		"lost":     {func(req *http.Request) (*http.Response, error) { connected(req); return nil, errLost }, false, client.Unknown, unanswered, false},
		"untraced": {func(req *http.Request) (*http.Response, error) { return nil, errDial }, false, client.Unknown, unanswered, false},
		"429, retry after 1": {func(req *http.Request) (*http.Response, error) {
			return respond(req, 429, map[string]string{"Retry-After": "1"}, ""), nil
		}, true, client.Refused, 429, false},
		"429, retry after 60": {func(req *http.Request) (*http.Response, error) {
			return respond(req, 429, map[string]string{"Retry-After": "60"}, ""), nil
		}, true, client.Refused, 429, false},
		"429, retry after 61": {func(req *http.Request) (*http.Response, error) {
			return respond(req, 429, map[string]string{"Retry-After": "61"}, ""), nil
		}, false, client.Refused, 429, false},
		"429": {func(req *http.Request) (*http.Response, error) { return respond(req, 429, nil, ""), nil }, false, client.Refused, 429, false},
		"503, retry after 1": {func(req *http.Request) (*http.Response, error) {
			return respond(req, 503, map[string]string{"Retry-After": "1"}, ""), nil
		}, false, client.Unknown, 503, false},
		"body breaks off": {func(req *http.Request) (*http.Response, error) {
			resp := respond(req, 200, nil, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"id":`), iotest.ErrReader(io.ErrUnexpectedEOF)))
			return resp, nil
		}, false, client.Unknown, 200, false},
		"certificate": {func(req *http.Request) (*http.Response, error) {
			notConnected(req)
			return nil, x509.UnknownAuthorityError{}
		}, false, client.NotSent, unanswered, true},
		"no TLS": {func(req *http.Request) (*http.Response, error) {
			notConnected(req)
			return nil, http.ErrSchemeMismatch
		}, false, client.NotSent, unanswered, true},
	}
	for failureName, failure := range failures {
		for name, kind := range oneOfEachKind() {
			t.Run(failureName+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					wire := &fakeWire{answer: func(req *http.Request, earlier int) (*http.Response, error) {
						if earlier < 2 {
							return failure.fail(req)
						}
						return respond(req, 200, nil, kind.success), nil
					}}
					err := kind.call(t.Context(), wire.client(t))
					if failureName == "body breaks off" && kind.removal {
						if err != nil || len(wire.times()) != 1 { // a 2xx says it all
							t.Errorf("%d requests, %v", len(wire.times()), err)
						}
						return
					}
					if !failure.notRepeatable && (failure.spendingToo || !kind.spending) {
						if err != nil || len(wire.times()) != 3 {
							t.Errorf("%d requests, %v; want the third to succeed", len(wire.times()), err)
						}
						return
					}
					e := mustFail(t, err)
					if len(wire.times()) != 1 || e.Attempts != 1 || e.Outcome != failure.outcome || e.Status != failure.status {
						t.Errorf("%d requests, %d attempts, outcome %s, status %d: %v", len(wire.times()), e.Attempts, e.Outcome, e.Status, e)
					}
				})
			})
		}
	}
}

// attempt answers as a word says: dial and lost are failures before and after the request was sent, a number is a status.
func attempt(req *http.Request, word string) (*http.Response, error) {
	switch word {
	case "dial":
		notConnected(req)
		return nil, errDial
	case "lost":
		connected(req)
		return nil, errLost
	}
	status, err := strconv.Atoi(word)
	if err != nil {
		return nil, err
	}
	return respond(req, status, map[string]string{"Retry-After": "1"}, ""), nil
}

func TestEarlierAttemptsCount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind, answers string
		want          client.Outcome
	}{
		"a lost change that is then refused":       {"PATCH", "lost,403", client.Unknown},
		"a lost change whose host then goes":       {"PUT", "lost,dial,dial,dial", client.Unknown},
		"a change never sent, then refused":        {"PATCH", "dial,403", client.Refused},
		"a change never sent":                      {"PATCH", "dial,dial,dial,dial", client.NotSent},
		"a purchase never sent, then lost":         {"create", "dial,lost", client.Unknown},
		"a purchase held back, then never sent":    {"create", "429,dial,dial,dial", client.Refused},
		"a purchase held back, then a 500":         {"create", "429,500", client.Unknown},
		"reading: only the last attempt matters":   {"GET", "lost,404", client.Refused},
		"reading: the host goes in between":        {"GET", "lost,dial,dial,dial", client.NotSent},
		"a removal that was lost and then refused": {"DELETE", "lost,403", client.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				answers := strings.Split(test.answers, ",")
				wire := &fakeWire{answer: func(req *http.Request, earlier int) (*http.Response, error) { return attempt(req, answers[earlier]) }}
				e := mustFail(t, oneOfEachKind()[test.kind].call(t.Context(), wire.client(t)))
				if e.Outcome != test.want || e.Attempts != len(answers) {
					t.Errorf("outcome %s after %d attempts; want %s after %d: %v", e.Outcome, e.Attempts, test.want, len(answers), e)
				}
			})
		})
	}
}

func TestRemovalOfWhatIsGone(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(ctx context.Context, c *client.Client) error{
		"agent":       func(ctx context.Context, c *client.Client) error { return c.Agents.Delete(ctx, agentID) },
		"image":       func(ctx context.Context, c *client.Client) error { return c.Agents.DeleteImage(ctx, agentID) },
		"reservation": func(ctx context.Context, c *client.Client) error { return c.Agents.CancelReservation(ctx, agentID) },
	} {
		synctest.Test(t, func(t *testing.T) {
			wire := &fakeWire{answer: func(req *http.Request, earlier int) (*http.Response, error) {
				if earlier == 0 {
					connected(req)
					return nil, errLost
				}
				return respond(req, 404, nil, `{"detail": "no such thing"}`), nil
			}}
			if err := call(t.Context(), wire.client(t)); err != nil {
				t.Errorf("%s: a 404 to the second attempt: %v", name, err)
			}
			wire = &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) { return respond(req, 404, nil, ""), nil }}
			if err := call(t.Context(), wire.client(t)); !client.IsNotFound(err) {
				t.Errorf("%s: a 404 to the first attempt: %v", name, err)
			}
		})
	}
}

// between tells whether each wait is in its range.
func between(t *testing.T, waits []time.Duration, ranges ...[2]time.Duration) {
	t.Helper()
	if len(waits) != len(ranges) {
		t.Fatalf("waits %v; want %d", waits, len(ranges))
	}
	for i, limits := range ranges {
		if wait := waits[i]; wait < limits[0] || wait > limits[1] {
			t.Errorf("wait %d is %s; want %s to %s", i, wait, limits[0], limits[1])
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	grows := [][2]time.Duration{{250 * ms, 500 * ms}, {500 * ms, 1000 * ms}, {1000 * ms, 2000 * ms}}
	thrice := func(wait time.Duration) [][2]time.Duration {
		limits := [2]time.Duration{wait, wait + 50*ms}
		return [][2]time.Duration{limits, limits, limits}
	}
	for name, test := range map[string]struct {
		status     int
		retryAfter func() string
		ranges     [][2]time.Duration
	}{
		"doubling with jitter": {503, func() string { return "" }, grows},
		"not understood":       {429, func() string { return "soon" }, grows},
		"zero":                 {429, func() string { return "0" }, grows},
		"429 obeyed":           {429, func() string { return "7" }, thrice(7 * time.Second)},
		"503 obeyed":           {503, func() string { return "7" }, thrice(7 * time.Second)},
		"429 capped":           {429, func() string { return "3600" }, thrice(time.Minute)},
		"503 capped":           {503, func() string { return "99999999999999999999" }, thrice(time.Minute)},
		"a date": {
			503, func() string { return time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat) },
			[][2]time.Duration{{8 * time.Second, 9 * time.Second}, {8 * time.Second, 9 * time.Second}, {8 * time.Second, 9 * time.Second}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
					return respond(req, test.status, map[string]string{"Retry-After": test.retryAfter()}, ""), nil
				}}
				e := mustFail(t, oneOfEachKind()["GET"].call(t.Context(), wire.client(t)))
				between(t, wire.waits(), test.ranges...)
				if e.Status != test.status || e.Attempts != 4 {
					t.Errorf("%v", e)
				}
			})
		})
	}
}

func TestBackoffIsSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 20 {
			wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) { return respond(req, 503, nil, ""), nil }}
			_ = mustFail(t, oneOfEachKind()["GET"].call(t.Context(), wire.client(t, retries(1))))
			seen[wire.waits()[0]] = true
		}
		if len(seen) < 15 {
			t.Errorf("20 waits have only %d values", len(seen))
		}
	})
}

func TestBackoffHasACeiling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) { return respond(req, 503, nil, ""), nil }}
		_ = mustFail(t, oneOfEachKind()["GET"].call(t.Context(), wire.client(t, retries(80))))
		for i, wait := range wire.waits() {
			if wait > 10*time.Second || (i > 5 && wait < 5*time.Second) {
				t.Errorf("wait %d is %s", i, wait)
			}
		}
	})
}

func TestRetryAfterIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
			return respond(req, 429, map[string]string{"Retry-After": "3600", "x-autx-request-id": "abcd1234"}, `{"detail": "slow down"}`), nil
		}}
		e := mustFail(t, oneOfEachKind()["create"].call(t.Context(), wire.client(t)))
		if e.RetryAfter != time.Hour || e.RequestID != "abcd1234" || e.Outcome != client.Refused || len(wire.times()) != 1 {
			t.Errorf("%+v", e)
		}
		if want := "POST /agents/: 429 Too Many Requests: slow down (to be tried again after 1h0m0s, request id abcd1234)"; e.Error() != want {
			t.Errorf("the text is\n%s\nwant\n%s", e.Error(), want)
		}
	})
}

func TestCancellation(t *testing.T) {
	t.Parallel()
	hang := func(req *http.Request, tell func(*http.Request)) (*http.Response, error) {
		tell(req)
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	for name, test := range map[string]struct {
		kind     string
		answer   func(req *http.Request, earlier int) (*http.Response, error)
		change   func(*client.Config)
		after    time.Duration
		outcome  client.Outcome
		attempts int
		status   int
		says     string
	}{
		"before": {
			"create", nil, nil, 0, client.NotSent, 0, 0,
			"POST /agents/: given up before it was sent: context deadline exceeded",
		},
		"while dialling": {
			"create", func(req *http.Request, _ int) (*http.Response, error) { return hang(req, notConnected) }, nil, time.Second, client.NotSent, 1, 0,
			"POST /agents/: given up: context deadline exceeded",
		},
		"a purchase in flight": {
			"create", func(req *http.Request, _ int) (*http.Response, error) { return hang(req, connected) }, nil, time.Second, client.Unknown, 1, 0,
			"POST /agents/: given up: context deadline exceeded; it may have been carried out all the same",
		},
		"a read in flight": {
			"GET", func(req *http.Request, _ int) (*http.Response, error) { return hang(req, connected) }, nil, time.Second, client.Unknown, 1, 0,
			"GET /agents/" + agentID + ": given up: context deadline exceeded",
		},
		"in backoff after a 503": {
			"GET", func(req *http.Request, _ int) (*http.Response, error) {
				return respond(req, 503, map[string]string{"Retry-After": "30"}, `{"detail": "busy"}`), nil
			}, nil, time.Second, client.Unknown, 1, 503,
			"GET /agents/" + agentID + ": given up while waiting to try again: context deadline exceeded; the last answer was 503 Service Unavailable: busy " +
				"(to be tried again after 30s)",
		},
		"in backoff after a 429": {
			"create", func(req *http.Request, _ int) (*http.Response, error) {
				return respond(req, 429, map[string]string{"Retry-After": "30"}, `{"detail": "busy"}`), nil
			}, nil, time.Second, client.Refused, 1, 429,
			"POST /agents/: given up while waiting to try again: context deadline exceeded; the last answer was 429 Too Many Requests: busy " +
				"(to be tried again after 30s)",
		},
		"in backoff after a refused connection": {
			"create", func(req *http.Request, _ int) (*http.Response, error) { notConnected(req); return nil, errDial }, nil,
			50 * time.Millisecond, client.NotSent, 1, 0,
			"POST /agents/: given up while waiting to try again: context deadline exceeded; the last attempt failed: dial tcp: connection refused",
		},
		"in the second attempt": {
			"PATCH", func(req *http.Request, earlier int) (*http.Response, error) {
				if earlier == 0 {
					return respond(req, 503, nil, `{"detail": "busy"}`), nil
				}
				return hang(req, connected)
			}, nil, time.Minute, client.Unknown, 2, 0,
			"PATCH /agents/" + agentID + ": given up: context deadline exceeded; the attempt before it failed: 503 Service Unavailable: busy; " +
				"it may have been carried out all the same (2 attempts)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{answer: test.answer}
				ctx, cancel := context.WithTimeout(t.Context(), test.after)
				defer cancel()
				start := time.Now()
				e := mustFail(t, oneOfEachKind()[test.kind].call(ctx, wire.client(t)))
				if took := time.Since(start); took != test.after {
					t.Errorf("it returned %s after the call; want %s", took, test.after)
				}
				if e.Outcome != test.outcome || e.Attempts != test.attempts || e.Status != test.status || len(wire.times()) != test.attempts {
					t.Errorf("outcome %s, %d attempts, status %d", e.Outcome, e.Attempts, e.Status)
				}
				if e.Error() != test.says {
					t.Errorf("it says\n%s\nwant\n%s", e.Error(), test.says)
				}
				if !errors.Is(e, context.DeadlineExceeded) {
					t.Error("the context's error is not in the chain")
				}
			})
		})
	}
}

// TestTheErrorTellsWhoseTimeRanOut ends a context for reasons that say more than that it ended, and for others.
func TestTheErrorTellsWhoseTimeRanOut(t *testing.T) {
	t.Parallel()
	shared := fmt.Errorf("the walk waits no longer: %w", context.DeadlineExceeded)
	for cause, says := range map[error]string{
		shared: "the walk waits no longer: context deadline exceeded", errLost: "context deadline exceeded",
	} {
		synctest.Test(t, func(t *testing.T) {
			wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
				return respond(req, 503, map[string]string{"Retry-After": "30"}, `{"detail": "busy"}`), nil
			}}
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
			defer cancel()
			e := mustFail(t, oneOfEachKind()["GET"].call(ctx, wire.client(t)))
			want := "GET /agents/" + agentID + ": given up while waiting to try again: " + says + "; the last answer was 503 Service Unavailable: busy " +
				"(to be tried again after 30s)"
			if e.Error() != want || !errors.Is(e, context.DeadlineExceeded) {
				t.Errorf("it says\n%s\nwant\n%s", e.Error(), want)
			}
		})
	}
}

func TestASuccessAfterCancellationIsASuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
			cancel()
			return respond(req, 201, nil, fullAgent), nil
		}}
		if err := oneOfEachKind()["create"].call(ctx, wire.client(t)); err != nil {
			t.Errorf("an agent that was created is reported as %v", err)
		}
	})
}

func TestTimeoutOfAnAttempt(t *testing.T) {
	t.Parallel()
	hang := func(req *http.Request, _ int) (*http.Response, error) {
		connected(req)
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	slowBody := func(req *http.Request, _ int) (*http.Response, error) {
		resp := respond(req, 200, nil, "")
		resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
			<-req.Context().Done()
			return 0, req.Context().Err()
		}))
		return resp, nil
	}
	for name, test := range map[string]struct {
		kind     string
		answer   func(*http.Request, int) (*http.Response, error)
		attempts int
	}{
		"GET, no answer": {"GET", hang, 4}, "GET, slow body": {"GET", slowBody, 4},
		"create, no answer": {"create", hang, 1}, "create, slow body": {"create", slowBody, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{answer: test.answer}
				start := time.Now()
				e := mustFail(t, oneOfEachKind()[test.kind].call(t.Context(), wire.client(t, func(c *client.Config) { c.Timeout = 5 * time.Second })))
				took := time.Since(start)
				if e.Attempts != test.attempts || e.Outcome != client.Unknown || !strings.Contains(e.Error(), "no complete answer within 5s") {
					t.Errorf("%d attempts, outcome %s: %v", e.Attempts, e.Outcome, e)
				}
				if low := time.Duration(test.attempts) * 5 * time.Second; took < low || took > low+5*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

func TestASlowBodyOfARemovalIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
			resp := respond(req, 204, nil, "")
			resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
				<-req.Context().Done()
				return 0, req.Context().Err()
			}))
			return resp, nil
		}}
		if err := oneOfEachKind()["DELETE"].call(t.Context(), wire.client(t)); err != nil || len(wire.times()) != 1 {
			t.Errorf("%d requests, %v", len(wire.times()), err)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
