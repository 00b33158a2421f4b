package mockserver

import (
	"net/http"
	"strings"
)

const (
	statusOpen     = "open"
	statusComplete = "complete"
	statusUsed     = "used"
	// checkoutsPath is where the payment page of a checkout would be.
	checkoutsPath = controlPath + "/checkouts/"
)

func createCheckout(w *world, x *exchange) *answer {
	found := &problems{}
	body, ok := bodyObject(x.body, found)
	if !ok {
		return found.rejection()
	}
	body.require("type", "success_url", "cancel_url")
	c := &checkout{Status: statusOpen, User: x.user.ID, CreatedAt: w.now}
	c.Type, _ = body.text("type", isOneOf("launch", "service"))
	c.SuccessURL, _ = body.text("success_url", isHTTPURL)
	c.CancelURL, _ = body.text("cancel_url", isHTTPURL)
	c.AgentID, c.AgentName = body.optionalText("agent_id"), body.optionalText("agent_name")
	if c.Type == "service" {
		body.require("agent_id")
	}
	if refused := found.rejection(); refused != nil {
		return refused
	}
	if c.AgentID != nil && w.listedByID(*c.AgentID) == nil {
		return notFound("Agent")
	}
	c.ID = "cs_test_" + strings.ReplaceAll(newID(), "-", "")
	w.checkouts = append(w.checkouts, c)
	w.changed()
	return jsonAnswer(http.StatusCreated, map[string]string{"checkout_url": c.url(x.base), "session_id": c.ID})
}

func (c *checkout) url(base string) string { return base + checkoutsPath + c.ID }

func (c *checkout) state(base string) CheckoutState {
	return CheckoutState{
		SessionID: c.ID, CheckoutURL: c.url(base), Type: c.Type, SuccessURL: c.SuccessURL, CancelURL: c.CancelURL, AgentID: c.AgentID,
		AgentName: c.AgentName, Status: c.Status, CreatedAt: formatTime(c.CreatedAt), User: c.User,
	}
}

// complete notes that a person has paid.
func (c *checkout) complete(w *world) {
	if c.Status == statusOpen {
		c.Status = statusComplete
		w.changed()
	}
}
