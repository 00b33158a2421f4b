// Package credit is the account's prepaid credits: what moves money in and out, what keeps the balance up, and what reads it.
package credit
