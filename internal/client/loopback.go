package client

import "net/url"

// OnLoopback tells whether the base URL leads to this machine, where only a mock server can be.
func (c *Client) OnLoopback() bool {
	base, err := url.Parse(c.BaseURL())
	return err == nil && isLoopback(base.Hostname())
}
