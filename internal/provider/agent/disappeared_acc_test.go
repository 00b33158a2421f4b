package agent_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestAccDeletedOutside deletes an agent outside of Terraform: it is planned anew, and launched for another fee.
func TestAccDeletedOutside(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("gone")+agent("stays"))
	cli.Settle(each("create", "gone", "stays"))
	first := must(t, server, "GONE").ID
	if err := clientFor(t, server, server.Key()).Agents.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}

	cli.Look().MustDo(each("create", "gone")).MustDrift(each("delete", "gone"))
	if authorized := changed(changeOf(t, cli.ShowPlan(), address("gone")))["spend.authorized_usd"]; authorized != [2]any{nil, "20"} {
		t.Errorf("the new launch authorises %v", authorized)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if must(t, server, "GONE").ID == first || len(ledger(server)) != 3 {
		t.Errorf("it was not launched anew: %v", ledger(server))
	}

	// Gone again, and a destroy has nothing to do for it, not even where it is protected.
	if err := clientFor(t, server, server.Key()).Agents.Delete(t.Context(), must(t, server, "GONE").ID); err != nil {
		t.Fatal(err)
	}
	cli.Look("-destroy").MustDo(each("delete", "stays"))
	cli.ApplyPlan().MustSucceed()
}

// TestAccDeletedDuringDestroy deletes the agent between the plan of a destroy and its apply, which is as good as done.
func TestAccDeletedDuringDestroy(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("gone"))
	cli.Settle(each("create", "gone"))
	cli.Look("-destroy").MustDo(each("delete", "gone"))
	if err := clientFor(t, server, server.Key()).Agents.Delete(t.Context(), must(t, server, "GONE").ID); err != nil {
		t.Fatal(err)
	}
	cli.ApplyPlan().MustSucceed()
	if cli.Attributes(address("gone")) != nil {
		t.Error("the agent is still in state")
	}
}

// TestAccDelistedOutside has a service that only delists and keeps the ticker: the plan says so, and the apply is refused without a charge.
func TestAccDelistedOutside(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{}, mockserver.WithAssume("agents.delete", "delisted"))
	cli.Write("main.tf", agent("gone"))
	cli.Settle(each("create", "gone"))
	if err := clientFor(t, server, server.Key()).Agents.Delete(t.Context(), must(t, server, "GONE").ID); err != nil {
		t.Fatal(err)
	}
	cli.Look().MustDo(each("create", "gone")).MustDrift(each("delete", "gone")).MustWarn("", "delisted outside", "GONE", "planned anew")
	applied := cli.ApplyPlan()
	if applied.Code == 0 || len(applied.Errors()) != 1 || len(ledger(server)) != 1 {
		t.Errorf("status %d, %v, ledger %v", applied.Code, applied.Errors(), ledger(server))
	}

	// Another ticker is the way out.
	cli.Write("main.tf", agent("gone", args{"ticker": `"GONE2"`, "name": `"Second"`}))
	cli.Settle(each("create", "gone"))
}

// TestAccDestroyOfDelisted destroys and launches again at a service that only delists: the ticker is taken for good, and the message does not promise
// otherwise.
func TestAccDestroyOfDelisted(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{}, mockserver.WithAssume("agents.delete", "delisted"))
	cli.Write("main.tf", agent("again"))
	cli.Settle(each("create", "again"))
	cli.MustRun("destroy", "-auto-approve")
	if a := must(t, server, "AGAIN"); a.Status != "delisted" {
		t.Errorf("it is %s", a.Status)
	}
	cli.Look().MustDo(each("create", "again")).MustWarn("ticker", "not available")
	if applied := cli.ApplyPlan(); applied.Code == 0 || len(ledger(server)) != 1 {
		t.Errorf("status %d, ledger %v", applied.Code, ledger(server))
	}
}

// TestAccNotFoundIsNotBelieved has a base URL whose path is wrong, so that each read is answered 404: no agent leaves the state, in a plan, a refresh or an
// apply.
func TestAccNotFoundIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, labels := range [][]string{{"one"}, {"one", "two", "three", "four"}} {
		server, cli := begin(t, world{})
		var config strings.Builder
		for _, label := range labels {
			config.WriteString(agent(label))
		}
		cli.Write("main.tf", config.String())
		cli.Settle(each("create", labels...))
		good := cli.Env
		cli.Env = append(append([]string{}, good...), "AUTX_BASE_URL="+server.URL()+"/wrong")
		for _, command := range [][]string{{"plan"}, {"apply", "-refresh-only", "-auto-approve"}, {"apply", "-auto-approve"}, {"destroy", "-auto-approve"}} {
			report := cli.Report(command...)
			if report.Code == 0 {
				t.Errorf("%v of %d agents succeeds without finding them", command, len(labels))
			}
			report.MustSay("error", "", "Could not confirm that agent", "GET", "/agents/mine", "404").MustWarn("", "kept in state", "base_url")
			for _, label := range labels {
				if cli.Attributes(address(label)) == nil {
					t.Fatalf("%v has lost %s from state", command, label)
				}
			}
		}
		cli.Env = good
		cli.MustBeSettled()
	}
}

// TestAccBrokenList has a list of own agents that fails: agents that are there are read one by one, one that is gone is kept until the list says so too.
func TestAccBrokenList(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("gone")+agent("two")+agent("three")+agent("four"))
	cli.Settle(each("create", "gone", "two", "three", "four"))
	cli.Env = append(cli.Env, "TF_CLI_ARGS_plan=-parallelism=1")
	cli.Write("provider.tf", "provider \"autx\" {\n  max_retries = 0\n  spending = { max_per_apply = \"100\" }\n}\n")

	broken := server.AddFault("agents.mine:before:status=500,times=0")
	cli.MustBeSettled()
	if broken.Hits() == 0 {
		t.Error("the list was not tried")
	}

	if err := clientFor(t, server, server.Key()).Agents.Delete(t.Context(), must(t, server, "GONE").ID); err != nil {
		t.Fatal(err)
	}
	report := cli.Report("plan")
	report.MustFail("", "Could not confirm that agent GONE is gone", "500").MustWarn("", "kept in state")
	if cli.Report("apply", "-refresh-only", "-auto-approve").Code == 0 || cli.Attributes(address("gone")) == nil {
		t.Error("it has left the state although the list did not answer")
	}
	broken.Remove()
	cli.Settle(each("create", "gone"))
}

// TestAccContradiction has a service that lists an agent and yet does not find it: nobody is believed, the agent stays in state. Where the list has it
// as delisted, it is gone.
func TestAccContradiction(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("again"))
	cli.Settle(each("create", "again"))
	id := must(t, server, "AGAIN").ID

	target, err := url.Parse(strings.TrimSuffix(server.URL(), "/api/v1"))
	if err != nil {
		t.Fatal(err)
	}
	var status atomic.Pointer[string] // that the list shows
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(resp *http.Response) error {
		shown := status.Load()
		if !strings.HasSuffix(resp.Request.URL.Path, "/agents/mine") || shown == nil {
			return nil
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		body = bytes.ReplaceAll(body, []byte(`"active"`), []byte(strconv.Quote(*shown)))
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/agents/"+id) {
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer front.Close()
	cli.Env = append(cli.Env, "AUTX_BASE_URL="+front.URL+"/api/v1")
	cli.Report("plan").MustFail("", "AUTX contradicts itself about agent AGAIN", "404")
	if cli.Attributes(address("again")) == nil {
		t.Error("it has left the state")
	}
	delisted := "delisted"
	status.Store(&delisted)
	cli.Look().MustDo(each("create", "again")).MustDrift(each("delete", "again"))
}
