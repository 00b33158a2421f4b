package proxy

import (
	"bytes"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/text/unicode/norm"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// answered is an agent's answer, as the resource, the data source and the ephemeral resource show it.
type answered struct {
	StatusCode     types.Int64  `tfsdk:"status_code"`
	ContentType    types.String `tfsdk:"content_type"`
	Headers        types.Map    `tfsdk:"headers"`
	ResponseText   types.String `tfsdk:"response_text"`
	ResponseBase64 types.String `tfsdk:"response_base64"`
	RequestID      types.String `tfsdk:"request_id"`
	LatencyMS      types.Int64  `tfsdk:"latency_ms"`
}

// unanswered is the answer of which nothing is known.
func unanswered() answered {
	return answered{Headers: types.MapNull(types.StringType)}
}

// toCome is the answer that only the apply will tell.
func toCome() answered {
	return answered{
		StatusCode: types.Int64Unknown(), ContentType: types.StringUnknown(), Headers: types.MapUnknown(types.StringType),
		ResponseText: types.StringUnknown(), ResponseBase64: types.StringUnknown(), RequestID: types.StringUnknown(), LatencyMS: types.Int64Unknown(),
	}
}

// fromAPI reads an answer.
func fromAPI(a *client.ProxyAnswer) answered {
	if a == nil {
		return unanswered()
	}
	out := answered{
		StatusCode:  types.Int64Value(int64(a.StatusCode)),
		ContentType: optional(a.ContentType),
		Headers:     headers(a.Header),
		RequestID:   optional(a.RequestID),
		LatencyMS:   types.Int64Null(),
	}
	if latency, ok := a.LatencyMS.Value(); ok {
		out.LatencyMS = types.Int64Value(latency)
	}
	out.ResponseText, out.ResponseBase64 = texts(a.Body)
	return out
}

// texts are the two attributes that hold a body: text where it is text, and base64 where text does not hold it byte for byte.
func texts(body []byte) (text, encoded types.String) {
	text, encoded = types.StringNull(), types.StringNull()
	isText := utf8.Valid(body) && !bytes.ContainsRune(body, 0)
	if isText {
		text = types.StringValue(string(body))
	}
	// A CLI brings all text into the normal form C, which may not be the one that came.
	if !isText || !norm.NFC.IsNormal(body) {
		encoded = types.StringValue(base64.StdEncoding.EncodeToString(body))
	}
	return text, encoded
}

// ofTheConnection are the headers that say nothing of an answer: those of the connection (RFC 9110, section 7.6.1), cookies, which are secrets, what
// differs each time, and what has an attribute of its own.
var ofTheConnection = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-authenticate": true, "proxy-authorization": true, "proxy-connection": true, "te": true,
	"trailer": true, "transfer-encoding": true, "upgrade": true,
	"set-cookie": true, "set-cookie2": true,
	"age": true, "date": true, "x-autx-mock-instance": true,
	"content-length": true, "content-type": true, "x-autx-latency-ms": true, "x-autx-request-id": true,
}

// headers are those of an answer, by their names in lower case; the values of one that came several times are joined by ", ".
func headers(of http.Header) types.Map {
	dropped := maps.Clone(ofTheConnection)
	for _, named := range of.Values("Connection") {
		for name := range strings.SplitSeq(named, ",") {
			dropped[strings.ToLower(strings.TrimSpace(name))] = true
		}
	}
	values := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		lower := strings.ToLower(name)
		if !dropped[lower] {
			values[lower] = append(values[lower], of[name]...)
		}
	}
	out := make(map[string]attr.Value, len(values))
	for name, all := range values {
		out[name] = types.StringValue(printable(strings.Join(all, ", ")))
	}
	return types.MapValueMust(types.StringType, out)
}

// optional is a header's text, null where there is none.
func optional(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(printable(text))
}

// printable is text that travels to a CLI.
func printable(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// head is the beginning of an answer, for a line of progress.
func head(a *client.ProxyAnswer) string {
	const most = 400
	text, _ := texts(a.Body)
	if text.IsNull() {
		return ""
	}
	runes := []rune(strings.TrimSpace(text.ValueString()))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
