package client_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

func buyer(t *testing.T, options ...mockserver.Option) (*mockserver.Server, *client.Client) {
	t.Helper()
	server := mockserver.New(t, options...)
	c, err := client.New(client.Config{BaseURL: server.URL(), APIKey: server.Key()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return server, c
}

func idOf(t *testing.T, c *client.Client, ticker string) string {
	t.Helper()
	a, err := c.Agents.GetByTicker(t.Context(), ticker)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

func TestOrderFromPurchaseToResult(t *testing.T) {
	t.Parallel()
	_, c := buyer(t)
	id := idOf(t, c, "SUMM")
	made, err := c.Orders.Create(t.Context(), client.OrderCreate{AgentID: id, Prompt: "Hello <&>", PaymentMethod: "credits"})
	if err != nil {
		t.Fatal(err)
	}
	if made.AgentID.Or("") != id || made.AmountPaid.Or(money.Zero()).String() != "0.5" || made.PlatformFee.Or(money.Zero()).String() != "0.05" {
		t.Errorf("the order is %+v", made)
	}
	got, err := c.Orders.Get(t.Context(), made.ID)
	if err != nil || got.OutputText.Or("") != "Echo: Hello <&>" || got.Status.Or("") != "completed" {
		t.Errorf("its result is %+v, %v", got, err)
	}
	all, err := c.Orders.List(t.Context(), client.OrderFilter{AgentID: id, Status: "completed"})
	if err != nil || len(all) != 1 || all[0].ID != made.ID || all[0].AgentTicker.Or("") != "SUMM" || all[0].PaymentMethod.Or("") != "credits" {
		t.Errorf("the list is %+v, %v", all, err)
	}
	if none, err := c.Orders.List(t.Context(), client.OrderFilter{Status: "failed"}); err != nil || len(none) != 0 {
		t.Errorf("failed orders: %+v, %v", none, err)
	}
	if _, err := c.Orders.Get(t.Context(), "00000000-0000-4000-8000-000000000000"); !client.IsNotFound(err) {
		t.Errorf("an unknown order: %v", err)
	}
}

func file(name, content string) client.OrderFile {
	return client.OrderFile{Name: name, Size: int64(len(content)), Open: func() (io.ReadCloser,
		error,
	) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}
}

func TestOrderWithFiles(t *testing.T) {
	t.Parallel()
	server, c := buyer(t)
	order := client.OrderCreate{AgentID: idOf(t, c, "DOCREAD"), Prompt: "Read", PaymentMethod: "credits"}
	made, err := c.Orders.CreateWithFiles(t.Context(), order, []client.OrderFile{
		file(`a "quoted" näme.pdf`, "one"), file("empty.pdf", ""),
		file("b.pdf", "two"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.AmountPaid.Or(money.Zero()).String() != "1" {
		t.Errorf("the order is %+v", made)
	}
	if n := len(server.State().Orders); n != 1 {
		t.Errorf("%d orders were made", n)
	}
}

func TestFileThatChangesIsNotSent(t *testing.T) {
	t.Parallel()
	server, c := buyer(t)
	order := client.OrderCreate{AgentID: idOf(t, c, "DOCREAD"), Prompt: "Read", PaymentMethod: "credits"}
	shorter, longer := file("a.pdf", "12345"), file("a.pdf", "12345")
	shorter.Size, longer.Size = 9, 3
	unreadable := file("a.pdf", "12345")
	unreadable.Open = func() (io.ReadCloser, error) { return nil, errors.New("no such file") }
	for name, f := range map[string]client.OrderFile{"shorter": shorter, "longer": longer, "unreadable": unreadable} {
		if _, err := c.Orders.CreateWithFiles(t.Context(), order, []client.OrderFile{f}); err == nil || !strings.Contains(err.Error(), "a.pdf") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(server.State().Orders); n != 0 {
		t.Errorf("%d orders were made", n)
	}
}

func TestCreditsInAndOut(t *testing.T) {
	t.Parallel()
	_, c := buyer(t)
	balance, err := c.Credits.DepositTest(t.Context(), money.MustParse("12.50"))
	if err != nil || balance.Available.String() != "112.5" {
		t.Fatalf("after a deposit: %+v, %v", balance, err)
	}
	balance, err = c.Credits.Withdraw(t.Context(), money.MustParse("2.50"))
	if err != nil || balance.Available.String() != "110" {
		t.Fatalf("after a withdrawal: %+v, %v", balance, err)
	}
	if _, err = c.Credits.Withdraw(t.Context(), money.MustParse("1")); !client.IsConflict(err) {
		t.Errorf("a second withdrawal within the hour: %v", err)
	}
	entries, err := c.Credits.Transactions(t.Context(), 2)
	if err != nil || len(entries) != 2 || entries[0].Type != "withdrawal" || entries[1].Type != "deposit" {
		t.Errorf("the ledger: %+v, %v", entries, err)
	}
}

func TestLostAnswerToAnOrderIsNotRepeated(t *testing.T) {
	t.Parallel()
	server, c := buyer(t, mockserver.WithFault("orders.*:after:reset"))
	order := client.OrderCreate{AgentID: idOf(t, c, "DOCREAD"), Prompt: "Read", PaymentMethod: "credits"}
	_, err := c.Orders.CreateWithFiles(t.Context(), order, []client.OrderFile{file("a.pdf", strings.Repeat("x", 1<<20))})
	failure, ok := client.AsError(err)
	if !ok || !failure.MayHaveBeenCarriedOut() || failure.Attempts != 1 {
		t.Errorf("the lost answer is told as %v", err)
	}
	if n := len(server.State().Orders); n != 1 {
		t.Errorf("%d orders were made", n)
	}
}
