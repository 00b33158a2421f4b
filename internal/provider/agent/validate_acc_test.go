package agent_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccBadConfiguration has, for each way to write something that can't be right, a configuration that fails at validation already: at the line
// of its attribute or, inside an object, which the CLI can't point into, with a text that names it. Nothing is asked of AUTX for it.
func TestAccBadConfiguration(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	// Each of these writes its block under a label, and a case is told from the others by the address that comes with it.
	type writer func(label string) (config, address string)
	provider := func(line string) writer {
		return func(label string) (string, string) {
			return fmt.Sprintf("provider \"autx\" {\n  alias = %q\n  %s\n}\ndata \"autx_agent\" %q {\n  provider = autx.%s\n  ticker = \"X\"\n}\n", label, line, label, label), "]." + label
		}
	}
	spending := func(line string) writer {
		if !strings.HasPrefix(line, "max_per_apply ") {
			line = "max_per_apply = \"1\"\n    " + line
		}
		return provider("spending = {\n    " + line + "\n  }")
	}
	with := func(name, value string, more ...args) writer {
		return func(label string) (string, string) {
			return agent(label, append(more, args{name: value})...), address(label)
		}
	}
	data := func(of, line string) writer {
		return func(label string) (string, string) {
			return fmt.Sprintf("data %q %q {\n  %s\n}\n", of, label, line), "data." + of + "." + label
		}
	}
	cases := map[string]struct {
		block     writer
		attribute string
		says      []string
	}{
		"api_key without its prefix": {provider(`api_key = "sk-1234567890"`), "api_key", []string{"Invalid API key", "autx_live_"}},
		"api_key that is a prefix":   {provider(`api_key = "autx_live_"`), "api_key", []string{"Invalid API key", "nothing follows"}},
		"api_key with a blank":       {provider(`api_key = "autx_live_a b"`), "api_key", []string{"Invalid API key", "space"}},
		"http to another host":       {provider(`base_url = "http://autx.ai/api/v1"`), "base_url", []string{"Invalid base URL", "unencrypted", "https"}},
		"http to a name like ours":   {provider(`base_url = "http://127.0.0.1.evil.example/api/v1"`), "base_url", []string{"Invalid base URL", "unencrypted"}},
		"base_url that is none":      {provider(`base_url = "autx.ai"`), "base_url", []string{"Invalid base URL", "not an absolute URL"}},
		"base_url with a password":   {provider(`base_url = "https://u:p@autx.ai/api/v1"`), "base_url", []string{"Invalid base URL", "user or password"}},
		"base_url with a query":      {provider(`base_url = "https://autx.ai/api/v1?x=1"`), "base_url", []string{"Invalid base URL", "query"}},
		"timeout garbage":            {provider(`timeout = "soon"`), "timeout", []string{"Not a duration", `"soon"`, `"30s"`}},
		"timeout of nothing":         {provider(`timeout = "0s"`), "timeout", []string{"more than 0"}},
		"timeout below nothing":      {provider(`timeout = "-1s"`), "timeout", []string{"more than 0"}},
		"max_retries 99":             {provider(`max_retries = 99`), "max_retries", []string{"between 0 and 20", "99"}},
		"max_retries -1":             {provider(`max_retries = -1`), "max_retries", []string{"between 0 and 20"}},
		"no requests per second":     {provider(`requests_per_second = 0`), "requests_per_second", []string{"between"}},
		"unknown provider argument":  {provider(`key = "x"`), "key", []string{"Unsupported argument"}},
		"spending without a limit":   {provider("spending = {}"), "spending", []string{"max_per_apply"}},
		"negative limit":             {spending(`max_per_apply = "-1"`), "", []string{"out of range", "spending.max_per_apply"}},
		"limit that is no amount":    {spending(`max_per_apply = "$5"`), "", []string{"Not an amount", "spending.max_per_apply"}},
		"limit with a comma":         {spending(`max_per_purchase = "1,000"`), "", []string{"Not an amount", "spending.max_per_purchase"}},
		"balance to keep below 0":    {spending(`keep_balance = "-0.01"`), "", []string{"out of range", "spending.keep_balance"}},
		"empty namespace":            {spending(`namespace = ""`), "", []string{"spending.namespace", "between 1 and 100"}},
		"empty journal":              {spending(`journal = ""`), "", []string{"spending.journal", "at least 1"}},
		"price with 20 decimals":     {with("service_price", `"0.12345678901234567890"`), "service_price", []string{"too many digits", "18"}},
		"price with 30 digits":       {with("service_price", `"123456789012345678901234567890"`), "service_price", []string{"too many digits"}},
		"negative price":             {with("service_price", `"-5"`), "service_price", []string{"out of range", "-$5.00", "at least 0"}},
		"negative price as a number": {with("service_price", "-0.01"), "service_price", []string{"out of range", "at least 0"}},
		"price with an exponent":     {with("service_price", `"1e3"`), "service_price", []string{"Not an amount", "1e3", "exponent"}},
		"price NaN":                  {with("service_price", `"NaN"`), "service_price", []string{"Not an amount", "NaN"}},
		"price Inf":                  {with("service_price", `"Inf"`), "service_price", []string{"Not an amount"}},
		"price with a currency sign": {with("service_price", `"$5"`), "service_price", []string{"Not an amount", "currency sign"}},
		"price with a comma":         {with("service_price", `"0,50"`), "service_price", []string{"Not an amount"}},
		"price with blanks":          {with("service_price", `" 5"`), "service_price", []string{"Not an amount"}},
		"empty price":                {with("service_price", `""`), "service_price", []string{"Not an amount"}},
		"price that is a list":       {with("service_price", `["5"]`), "service_price", []string{"string required"}},
		"no price":                   {with("service_price", ""), "", []string{"service_price", "required"}},
		"no name":                    {with("name", ""), "", []string{`"name" is required`}},
		"empty name":                 {with("name", `""`), "name", []string{"at least 1"}},
		"no ticker":                  {with("ticker", ""), "", []string{`"ticker" is required`}},
		"empty ticker":               {with("ticker", `""`), "ticker", []string{"at least 1"}},
		"ticker with a blank":        {with("ticker", `"AB C"`), "ticker", []string{"white space"}},
		"no endpoint":                {with("endpoint_url", ""), "", []string{`"endpoint_url" is required`}},
		"endpoint without https":     {with("endpoint_url", `"http://example.com"`), "endpoint_url", []string{"not an https URL", "http://example.com"}},
		"endpoint without a scheme":  {with("endpoint_url", `"example.com/run"`), "endpoint_url", []string{"not an https URL"}},
		"endpoint without a host":    {with("endpoint_url", `"https:///run"`), "endpoint_url", []string{"not an https URL"}},
		"empty endpoint":             {with("endpoint_url", `""`), "endpoint_url", []string{"not an https URL"}},
		"unknown status":             {with("status", `"retired"`), "status", []string{`"active" "paused" "pending"`, `"retired"`}},
		"status in capitals":         {with("status", `"Active"`), "status", []string{`"Active"`}},
		"unknown tier":               {with("auth_tier", `"none"`), "auth_tier", []string{`"jwt_default" "buyer_key"`, `"none"`}},
		"empty tier":                 {with("auth_tier", `""`), "auth_tier", []string{"auth_tier"}},
		"tx_hash too short":          {with("activation", `{ tx_hash = "0x12", deployer_address = "`+deployer+`" }`), "", []string{"activation.tx_hash", "64 hexadecimal digits"}},
		"tx_hash without 0x":         {with("activation", `{ tx_hash = "`+txHash[2:]+`", deployer_address = "`+deployer+`" }`), "", []string{"activation.tx_hash"}},
		"address with a letter g":    {with("activation", `{ tx_hash = "`+txHash+`", deployer_address = "0x`+strings.Repeat("g", 40)+`" }`), "", []string{"activation.deployer_address", "40 hexadecimal"}},
		"activation without address": {with("activation", `{ tx_hash = "`+txHash+`" }`), "activation", []string{"deployer_address"}},
		"timeouts garbage":           {with("timeouts", `{ create = "soon" }`), "", []string{"Time Duration", `"soon"`}},
		"profile without a tagline":  {with("profile", `{}`), "profile", []string{"tagline"}},
		"empty input type":           {with("manifest", `{ input = { type = "" } }`), "", []string{"manifest.input.type", "at least 1"}},
		"input of no bytes":          {with("manifest", `{ input = { max_size_bytes = 0 } }`), "", []string{"manifest.input.max_size_bytes", "at least 1"}},
		"output of a negative size":  {with("manifest", `{ output = { max_size_bytes = -1 } }`), "", []string{"manifest.output.max_size_bytes"}},
		"half a byte":                {with("manifest", `{ input = { max_size_bytes = 1.5 } }`), "*", []string{"1.5", "not an integer"}},
		"negative message price":     {with("manifest", `{ session_price_per_message = "-1" }`), "", []string{"out of range", "manifest.session_price_per_message"}},
		"message price in words":     {with("manifest", `{ session_price_per_message = "free" }`), "", []string{"Not an amount", "manifest.session_price_per_message"}},
		"fewer than no messages":     {with("manifest", `{ session_minimum_messages = -1 }`), "", []string{"manifest.session_minimum_messages"}},
		"sessions of no minutes":     {with("manifest", `{ session_max_duration_minutes = 0 }`), "", []string{"manifest.session_max_duration_minutes"}},
		"image without a source":     {with("image", `{}`), "image", []string{"source"}},
		"image with an empty source": {with("image", `{ source = "" }`), "", []string{"image.source"}},
		"image with its digest":      {with("image", `{ source = "x", content_sha256 = "y" }`), "", []string{"Read-Only Attribute"}},
		"key without its version":    {with("provider_key", `{ value_wo = "k" }`), "provider_key", []string{"value_wo_version"}},
		"key without its value":      {with("provider_key", `{ value_wo_version = 1 }`), "provider_key", []string{"value_wo"}},
		"empty key":                  {with("provider_key", `{ value_wo = "", value_wo_version = 1 }`), "", []string{"provider_key.value_wo", "at least 1"}},
		"negative key version":       {with("provider_key", `{ value_wo = "k", value_wo_version = -1 }`), "", []string{"provider_key.value_wo_version"}},
		"reserved and active":        {with("status", `"paused"`, reserved), "status", []string{"no status", "paused"}},
		"empty stripe session":       {with("launch", `{ stripe_session_id = "" }`), "", []string{"launch.stripe_session_id"}},
		"computed argument":          {with("spend", `{ authorized_usd = "0" }`), "spend", []string{"Read-Only Attribute"}},

		"agent by nothing":             {data("autx_agent", ""), "", []string{"id", "ticker"}},
		"agent by two names":           {data("autx_agent", "id = \"x\"\n  ticker = \"Y\""), "*", []string{"id", "ticker"}},
		"agent by an empty id":         {data("autx_agent", `id = ""`), "id", []string{"at least 1"}},
		"agent by an empty ticker":     {data("autx_agent", `ticker = ""`), "ticker", []string{"at least 1"}},
		"agents in an unknown order":   {data("autx_agents", `sort = "price"`), "sort", []string{`"trending"`, `"price"`}},
		"no agents at all":             {data("autx_agents", `limit = 0`), "limit", []string{"between 1"}},
		"own agents in an order":       {data("autx_agents", "mine = true\n  sort = \"new\""), "sort", []string{"can't be sorted", "mine = true"}},
		"availability of nothing":      {data("autx_availability", ""), "", []string{"ticker", "name"}},
		"availability of an empty one": {data("autx_availability", `name = ""`), "name", []string{"at least 1"}},
	}
	names := slices.Sorted(maps.Keys(cases))
	var config strings.Builder
	labels, addresses := map[string]string{}, map[string]string{}
	for i, name := range names {
		labels[name] = fmt.Sprintf("bad%02d", i)
		text, at := cases[name].block(labels[name])
		config.WriteString(text)
		addresses[name] = at
	}
	cli.Write("main.tf", config.String())
	report := cli.Validate()
	for _, name := range names {
		c, here, named := cases[name], []acctest.Diagnostic{}, false
		for _, d := range report.Errors() {
			// What the CLI finds out itself comes without an address.
			itself := d.Address == "" && (strings.Contains(d.Snippet.Context, labels[name]) || d.Snippet.Context == `provider "autx"`)
			if !itself && !strings.HasSuffix(d.Address, addresses[name]) {
				continue
			}
			here = append(here, d)
			text, all := d.Summary+": "+d.Detail, true
			for _, fragment := range c.says {
				all = all && strings.Contains(text, fragment)
			}
			named = named || (all && (c.attribute == "*" || d.Attribute() == c.attribute))
		}
		if !named {
			t.Errorf("%s: no error at %q says %q: %v", name, c.attribute, c.says, here)
		}
	}
	if len(server.Requests()) != 0 {
		t.Errorf("validating made requests:\n%s", acctest.Traffic(server))
	}
}

// TestAccBadEnvironment finds what is wrong with environment variables, or missing, at plan: validation knows no environment.
func TestAccBadEnvironment(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("any"))
	good := cli.Env
	for name, c := range map[string]struct {
		env       string
		attribute string
		says      []string
	}{
		"no key":                {"AUTX_API_KEY=", "", []string{"Missing API key", "AUTX_API_KEY", "api_key"}},
		"blank key":             {"AUTX_API_KEY=  ", "", []string{"Missing API key"}},
		"key of something else": {"AUTX_API_KEY=sk-secret", "", []string{"Invalid API key", "autx_live_"}},
		"http":                  {"AUTX_BASE_URL=http://example.com/api/v1", "", []string{"Invalid base URL", "unencrypted"}},
	} {
		cli.Env = append(append([]string{}, good...), c.env)
		report := cli.Report("plan").MustFail(c.attribute, c.says...)
		if strings.Contains(report.Raw, "sk-secret") {
			t.Errorf("%s: the message shows the key", name)
		}
	}
	cli.Env = append(append([]string{}, good...), "AUTX_BASE_URL=", "AUTX_API_KEY=autx_live_wrong")
	cli.Write("provider.tf", fmt.Sprintf("provider \"autx\" {\n  base_url = %q\n  spending = { max_per_apply = \"20\" }\n}\n", server.URL()))
	cli.Look().MustDo(each("create", "any")).MustWarn("", "401", "AUTX does not accept the API key", "AUTX_API_KEY")
	cli.ApplyPlan().MustFail("", "launch of agent ANY", "nothing was charged", "401 Unauthorized", "Invalid API key", "AUTX_API_KEY")
}
