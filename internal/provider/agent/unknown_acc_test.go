package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// later writes a resource whose output is known only once it has been applied, and gives the expression for it. A new version makes it unknown again.
func later(name, value string, version int) (config, expression string) {
	return fmt.Sprintf("resource \"terraform_data\" %q {\n  triggers_replace = %d\n  input = %s\n}\n", name, version, value), "terraform_data." + name + ".output"
}

// TestAccUnknownArguments has, for each argument and each object, an agent that gets just that one from another resource: it plans, applies and settles, as
// does an update whose value is not known yet.
func TestAccUnknownArguments(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	picture := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(picture, png("unknown"), 0o600); err != nil {
		t.Fatal(err)
	}
	image := fmt.Sprintf("%q", picture)
	activation := fmt.Sprintf("{ tx_hash = %q, deployer_address = %q }", txHash, deployer)
	type unknownCase struct {
		value string
		// instead is what the value would be if it were not null: the output of a resource whose input is null is not unknown.
		instead string
		// use puts the expression where it belongs.
		use func(expression string) args
		// once tells that the value can't become unknown again after the launch without another effect, which has a test of its own.
		once bool
	}
	whole := func(name string) func(string) args { return func(e string) args { return args{name: e} } }
	inside := func(name, format string) func(string) args {
		return func(e string) args { return args{name: fmt.Sprintf(format, e)} }
	}
	cases := map[string]unknownCase{
		"name": {value: `"From elsewhere"`, use: whole("name")}, "ticker": {value: `"TICKER"`, use: whole("ticker"), once: true},
		"endpoint": {value: `"https://elsewhere.example.com"`, use: whole("endpoint_url")}, "price": {value: `"1.50"`, use: whole("service_price")},
		"pricenum": {value: "2", use: whole("service_price")}, "desc": {value: `"d"`, use: whole("description")}, "descnull": {value: "null", instead: `"x"`, use: whole("description")},
		"descempty": {value: `""`, use: whole("description")}, "cat": {value: `"c"`, use: whole("category")}, "tier": {value: `"buyer_key"`, use: whole("auth_tier")},
		"tiernull": {value: "null", instead: `"buyer_key"`, use: whole("auth_tier")}, "status": {value: `"paused"`, use: whole("status")}, "statusnull": {value: "null", instead: `"paused"`, use: whole("status")},
		"protection": {value: "false", use: whole("deletion_protection")},

		"manifest": {value: `{ supports_sessions = true }`, use: whole("manifest")}, "maninull": {value: "null", instead: `{ supports_sessions = true }`, use: whole("manifest")},
		"maniempty": {value: "{}", use: whole("manifest")},
		"input":     {value: `{ type = "json" }`, use: inside("manifest", "{ input = %s }")}, "inputnull": {value: "null", instead: `{ type = "x" }`, use: inside("manifest", "{ input = %s }")},
		"intype":    {value: `"json"`, use: inside("manifest", "{ input = { type = %s } }")},
		"infiles":   {value: "true", use: inside("manifest", "{ input = { accepts_files = %s } }")},
		"inkinds":   {value: `["pdf"]`, use: inside("manifest", "{ input = { file_types = %s } }")},
		"inkind":    {value: `"pdf"`, use: inside("manifest", "{ input = { file_types = [%s, \"txt\"] } }")},
		"inbytes":   {value: "7", use: inside("manifest", "{ input = { max_size_bytes = %s } }")},
		"output":    {value: `{ type = "text" }`, use: inside("manifest", "{ output = %s }")},
		"outtype":   {value: `"text"`, use: inside("manifest", "{ output = { type = %s } }")},
		"outfiles":  {value: "true", use: inside("manifest", "{ output = { produces_files = %s } }")},
		"outtypes":  {value: `["text/plain"]`, use: inside("manifest", "{ output = { content_types = %s } }")},
		"outbytes":  {value: "7", use: inside("manifest", "{ output = { max_size_bytes = %s } }")},
		"sessions":  {value: "true", use: inside("manifest", "{ supports_sessions = %s }")},
		"sessprice": {value: `"0.10"`, use: inside("manifest", "{ session_price_per_message = %s }")},
		"sessmin":   {value: "2", use: inside("manifest", "{ session_minimum_messages = %s }")},
		"sessmax":   {value: "3", use: inside("manifest", "{ session_max_duration_minutes = %s }")},
		"chatpath":  {value: `"p"`, use: inside("manifest", "{ chat_response_path = %s }")},

		"profile": {value: `{ tagline = "t", capabilities = ["a"] }`, use: whole("profile")}, "profnull": {value: "null", instead: `{ tagline = "x" }`, use: whole("profile")},
		"tagline":  {value: `"t"`, use: inside("profile", "{ tagline = %s }")},
		"capables": {value: `["a"]`, use: inside("profile", "{ tagline = \"t\", capabilities = %s }")},
		"usecases": {value: `[]`, use: inside("profile", "{ tagline = \"t\", use_cases = %s }")},
		"outdesc":  {value: `"o"`, use: inside("profile", "{ tagline = \"t\", output_description = %s }")},
		"bestfor":  {value: `""`, use: inside("profile", "{ tagline = \"t\", best_for = %s }")},
		"limits":   {value: `"l"`, use: inside("profile", "{ tagline = \"t\", limitations = %s }")},

		"image": {value: fmt.Sprintf("{ source = %s }", image), use: whole("image")}, "imagenull": {value: "null", instead: `{ source = "x" }`, use: whole("image")},
		"source": {value: image, use: inside("image", "{ source = %s }")},

		"key":     {value: `{ value_wo = "sk-unknown", value_wo_version = 1 }`, use: whole("provider_key")},
		"keynull": {value: "null", instead: `{ value_wo = "x", value_wo_version = 1 }`, use: whole("provider_key")},
		"keyprov": {value: `"openai"`, use: inside("provider_key", "{ provider = %s, value_wo = \"sk-x\", value_wo_version = 1 }")},
		"keyval":  {value: `"sk-unknown"`, use: inside("provider_key", "{ value_wo = %s, value_wo_version = 1 }"), once: true}, // in no plan, so it changes none
		"keyver":  {value: "1", use: inside("provider_key", "{ value_wo = \"sk-x\", value_wo_version = %s }")},

		"launch": {value: `{ reserve = true }`, use: whole("launch")}, "launchnull": {value: "null", instead: `{ reserve = true }`, use: whole("launch")},
		"reserve": {value: "true", use: inside("launch", "{ reserve = %s }")}, "reservenot": {value: "false", use: inside("launch", "{ reserve = %s }")},
		"stripenull": {value: "null", instead: `"cs"`, use: inside("launch", "{ stripe_session_id = %s }")},
		"activation": {value: activation, use: whole("activation"), once: true}, "actinull": {value: "null", instead: activation, use: whole("activation")},
		"txhash":  {value: fmt.Sprintf("%q", txHash), use: inside("activation", "{ tx_hash = %s, deployer_address = \""+deployer+"\" }"), once: true},
		"actires": {value: activation, use: func(e string) args { return args{"activation": e, "launch": "{ reserve = true }"} }, once: true},

		"timeouts": {value: `{ create = "1m" }`, use: whole("timeouts")}, "timecreate": {value: `"1m"`, use: inside("timeouts", "{ create = %s }")},
	}
	write := func(version int, only func(unknownCase) bool) {
		var config strings.Builder
		for label, c := range cases {
			v := version
			if !only(c) {
				v = 1
			}
			producer, expression := later(label, c.value, v)
			if c.instead != "" {
				expression = fmt.Sprintf("terraform_data.%s.id == \"never\" ? %s : null", label, c.instead)
			}
			config.WriteString(producer + agent(label, c.use(expression)))
		}
		cli.Write("main.tf", config.String())
	}
	write(1, func(unknownCase) bool { return true })
	want := actions{}
	for label := range cases {
		want[address(label)], want["terraform_data."+label] = "create", "create"
	}
	cli.Look().MustDo(want)
	plan := cli.ShowPlan()
	for label := range cases {
		if authorized := changed(changeOf(t, plan, address(label)))["spend.authorized_usd"]; authorized != [2]any{nil, "20"} {
			t.Errorf("%s: the plan authorises %v", label, authorized)
		}
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	launched := len(server.State().Agents)
	if launched != len(cases) || len(ledger(server)) != launched {
		t.Errorf("%d agents and %d charges", launched, len(ledger(server)))
	}
	status := map[string]string{"RESERVE": "pending", "LAUNCH": "pending", "ACTIRES": "active", "STATUS": "paused", "STATUSNULL": "active"}
	for ticker, want := range status {
		if got := must(t, server, ticker).Status; got != want {
			t.Errorf("%s is %s, want %s", ticker, got, want)
		}
	}
	if must(t, server, "INKIND").Manifest.Input.FileTypes[0] != "pdf" || must(t, server, "SOURCE").ImageURL == nil || !must(t, server, "KEYVAL").ProviderKeyConfigured {
		t.Error("a value did not arrive")
	}

	// Now the values become unknown again although they end up the same: the plan has to allow for a change, and the apply finds that there is none.
	again := func(c unknownCase) bool { return !c.once }
	write(2, again)
	want = actions{}
	for label, c := range cases {
		if again(c) {
			want["terraform_data."+label] = "replace"
			want[address(label)] = "update"
		}
	}
	server.ClearRequests()
	cli.Look().MustDo(want)
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	sent := acctest.Sent(server)
	for _, entry := range server.Requests() {
		if entry.Committed {
			t.Errorf("an update without a difference changed something: %s %s", entry.Operation, entry.Path)
		}
	}
	if sent["agents.create"]+sent["agents.reserve"] > 0 || len(server.State().Agents) != launched {
		t.Errorf("agents were launched again: %v", sent)
	}
}

// TestAccUnknownTickerOfExisting makes the ticker of an agent unknown: nobody can tell whether it is to be replaced, so a protected one refuses and another
// one warns. When it turns out to be the old one nothing is bought.
func TestAccUnknownTickerOfExisting(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	write := func(version int, protection string) {
		producer, expression := later("ticker", `"KEPT"`, version)
		cli.Write("main.tf", producer+agent("kept", args{"ticker": expression, "deletion_protection": protection}))
	}
	write(1, "true")
	cli.Settle(actions{address("kept"): "create", "terraform_data.ticker": "create"})
	write(2, "true")
	cli.Report("plan").MustFail("ticker", "protected", "not known yet")
	write(1, "false")
	cli.Settle(each("update", "kept"))
	write(2, "false")
	cli.Look().MustDo(actions{address("kept"): "replace", "terraform_data.ticker": "replace"}).MustWarn("ticker", "not known yet", "$20.00")
	if len(server.State().Agents) != 1 {
		t.Error("a plan has changed something")
	}
}

// TestAccUnknownProviderConfiguration gets the provider's own configuration from a resource: everything can be planned before it is known, and
// applied in one go.
func TestAccUnknownProviderConfiguration(t *testing.T) {
	t.Parallel()
	for name, unknown := range map[string][]string{
		"base_url": {"base_url"}, "api_key": {"api_key"}, "spending": {"spending"}, "limit": {"limit"}, "all": {"base_url", "api_key", "spending"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, cli := begin(t, world{})
			write := func(version int, more string) {
				arguments := args{"spending": `{ max_per_apply = "100" }`}
				var config strings.Builder
				for _, what := range unknown {
					value := map[string]string{
						"base_url": fmt.Sprintf("%q", server.URL()), "api_key": fmt.Sprintf("%q", server.Key()), "spending": `{ max_per_apply = "100" }`, "limit": `"100"`,
					}[what]
					producer, expression := later(what, value, version)
					config.WriteString(producer)
					if what == "limit" {
						what, expression = "spending", fmt.Sprintf("{ max_per_apply = %s }", expression)
					}
					arguments[what] = expression
				}
				cli.Write("provider.tf", config.String()+strings.Replace(block("provider", "autx", "", arguments), ` ""`, "", 1))
				cli.Write("main.tf", agent("one")+agent("two")+more)
			}
			producers := func(action string) actions {
				out := actions{}
				for _, what := range unknown {
					out["terraform_data."+what] = action
				}
				return out
			}
			both := producers("create")
			both[address("one")], both[address("two")] = "create", "create"
			write(1, "")
			server.ClearRequests()
			plan := cli.Look().MustDo(both)
			cli.ApplyPlan().MustSucceed()
			cli.MustBeSettled()
			if len(server.State().Agents) != 2 || len(ledger(server)) != 2 {
				t.Fatalf("there are %d agents, ledger %v", len(server.State().Agents), ledger(server))
			}
			for _, d := range plan.Diagnostics {
				if strings.Contains(d.Summary, "refuse") {
					t.Errorf("the first plan says %s", d)
				}
			}
			if name == "spending" || name == "limit" {
				plan.MustWarn("", "launch of agent ONE", "spending waits for a resource")
			}

			// With agents in state and the configuration unknown again, what is in state is kept.
			write(2, agent("three"))
			server.ClearRequests()
			want := producers("replace")
			want[address("three")] = "create"
			second := cli.Look().MustDo(want)
			reads := name == "spending" || name == "limit"
			kept := 0
			for _, d := range second.Diagnostics {
				if strings.Contains(d.Summary, "AUTX was not read") {
					kept++
				}
			}
			if requests := len(server.Requests()); (requests > 0) != reads {
				t.Errorf("%d requests with %s unknown", requests, name)
			}
			if want := map[bool]int{true: 0, false: 1}[reads]; kept != want {
				t.Errorf("%d warnings that nothing was read, want %d: %v", kept, want, second.Diagnostics)
			}
			cli.ApplyPlan().MustSucceed()
			cli.MustBeSettled()
			if len(server.State().Agents) != 3 || len(ledger(server)) != 3 {
				t.Errorf("there are %d agents, ledger %v", len(server.State().Agents), ledger(server))
			}
		})
	}
}

// TestAccUnknownConfigurationOfReaders has a data source and an import while the provider's address is unknown: the data source waits for the apply, the
// import can't be planned and says why.
func TestAccUnknownConfigurationOfReaders(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{agents: []mockserver.SeedAgent{{Owner: other, Ticker: "THEIRS", Name: "Theirs", EndpointURL: "https://x.example"}, {Owner: me, Ticker: "OURS", Name: "Ours", EndpointURL: "https://x.example"}}})
	producer, expression := later("url", fmt.Sprintf("%q", server.URL()), 1)
	cli.Write("provider.tf", producer+"provider \"autx\" {\n  base_url = "+expression+"\n}\n")
	cli.Write("main.tf", "import {\n  to = autx_agent.ours\n  id = \"OURS\"\n}\n"+agent("ours", args{"name": `"Ours"`}))
	cli.Report("plan").MustFail("", "Provider configuration is not known yet", "base_url", "Apply that resource first")
	if len(server.Requests()) != 0 {
		t.Errorf("requests were made:\n%s", acctest.Traffic(server))
	}
}
