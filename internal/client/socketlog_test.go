package client_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// TestConversationIsLogged has a service that repeats the key wherever it can; it is in no line.
func TestConversationIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		go func() {
			p := <-world.opened
			p.hear()
			p.send(`{"type":"session","session_id":"ses_1","agent":7,"note":"` + testKey + `"}`)
			p.hear()
			p.send(`{"type":"new `+testKey+`"}`, `{"type":"chunk","data":"`+testKey+`"}`, `{"type":"done","order_id":"ord_1"}`,
				`{"type":"billing","amount_charged":"much","platform_fee":[]}`)
			p.hear()
			p.send(`{"type":"error","message":"No, ` + testKey + `"}`)
			p.hear()
			p.close(1000, testKey)
		}()
		var log logBuffer
		ctx := tflogtest.RootLogger(t.Context(), &log)
		conversation, err := world.client().Sessions.Open(ctx, "CHAT")
		if err != nil {
			t.Fatal(err)
		}
		turn, err := conversation.Send(ctx, "my prompt with "+testKey, nil)
		if err != nil || turn.Output != testKey || !turn.Billed || turn.AmountCharged.Reported() {
			t.Errorf("%+v, %v", turn, err)
		}
		if _, err := conversation.Send(ctx, "more", nil); outcomeOf(t, err) != "refused" || strings.Contains(err.Error(), testKey) {
			t.Error(err)
		}
		if err := conversation.Close(ctx); err != nil {
			t.Error(err)
		}
		text := log.String()
		if strings.Contains(text, testKey) || strings.Contains(text, "0123456789abcdef") {
			t.Errorf("the key is in the log:\n%s", text)
		}
		found := map[string]int{}
		for _, level := range []string{"trace", "debug", "warn"} {
			for _, line := range log.lines(t, level) {
				found[fmt.Sprint(level, " ", line["@message"])]++
				if line["@module"] != "provider."+client.LogSubsystem {
					t.Errorf("%v", line)
				}
			}
		}
		for message, want := range map[string]int{
			"debug AUTX request": 1, "trace AUTX frame": 10, "debug AUTX turn": 2, "debug AUTX session closed": 1,
			"debug AUTX sent a frame of an unknown type; it is ignored":                     1,
			"warn AUTX sent fields of an unexpected type; they are treated as not reported": 2,
		} {
			if found[message] != want {
				t.Errorf("%d lines %q; want %d:\n%s", found[message], message, want, text)
			}
		}
		if !strings.Contains(text, `\"token\":\"[redacted]\"`) || !strings.Contains(text, "my prompt with [redacted]") {
			t.Errorf("the frames are not logged:\n%s", text)
		}
	})
}
