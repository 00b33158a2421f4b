package purchase

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// load reads a record, nil where there is none. An error names the file.
func (d *Desk) load(ctx context.Context, name string) (*record, error) {
	data, err := d.store.read(ctx, name)
	if errors.Is(err, errAbsent) {
		return nil, nil //nolint:nilnil // no record is a state of a purchase like any other
	}
	if err != nil {
		return nil, err
	}
	rec, err := decodeRecord(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.store.where(name), err)
	}
	if slot(rec.BaseURL, rec.Namespace, rec.Kind, rec.Key)+"."+rec.Owner != name {
		return nil, fmt.Errorf("%s: %w: it is the record of another key, %q", d.store.where(name), errCorrupt, rec.Key)
	}
	return rec, nil
}

func (d *Desk) save(ctx context.Context, name string, rec *record) error {
	return d.write(ctx, name, rec, d.store.replace)
}

func (d *Desk) insert(ctx context.Context, name string, rec *record) error {
	return d.write(ctx, name, rec, d.store.create)
}

func (d *Desk) write(ctx context.Context, name string, rec *record, how func(context.Context, string, []byte) error) error {
	rec.UpdatedAt, rec.Process = d.timestamp(), string(d.hooks.process())
	if rec.Instance == "" {
		rec.Instance = d.instance()
	}
	data, err := rec.encode()
	if err != nil {
		return err
	}
	if err := how(ctx, name, data); err != nil {
		return fmt.Errorf("%s: %w", d.store.where(name), err)
	}
	return nil
}

func (d *Desk) timestamp() string { return d.hooks.now().UTC().Format(time.RFC3339) }
