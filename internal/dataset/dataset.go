package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// inlineBody is the size up to which a dataset's body is in its item.
	inlineBody = 300 << 10
	// chunkBytes is the size of one chunk of a longer body.
	chunkBytes = 350 << 10
	// cachedBodies is how many datasets are held, each at most cachedBodyBytes.
	cachedBodies    = 512
	cachedBodyBytes = 64 << 10
	// maxBodyBytes bounds what a stored body may unpack to.
	maxBodyBytes = 512 << 20
)

// Put keeps a dataset of an experiment unless it has one of the same
// name and digest. A body of several chunks is addressed by its content, so
// that two writers of different bodies do not mix; the item that names it is
// written last, if absent.
func (s *Store) Put(ctx context.Context, exp string, d mlflow.Dataset) error {
	key := s.Keys.Dataset(exp, d.Name, d.Digest)
	if _, ok := s.bodies.Get(key.PK + key.SK); ok {
		return nil
	}
	_, found, err := s.Table.Get(ctx, key, table.Strong)
	if err != nil || found {
		return err
	}
	body, err := packBody(d)
	if err != nil {
		return err
	}
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.Name, Value: table.String(d.Name)},
		{Name: keys.Key, Value: table.String(d.Digest)},
	}
	if len(body) <= inlineBody {
		attrs = append(attrs, table.Attr{Name: keys.Body, Value: table.Bytes(body)})
	} else {
		content := keys.Hash(body)
		n, err := s.putChunks(ctx, exp, d, content, body)
		if err != nil {
			return err
		}
		attrs = append(attrs,
			table.Attr{Name: keys.Content, Value: table.String(content)},
			table.Attr{Name: keys.Chunks, Value: table.Number(int64(n))})
	}
	err = s.Table.Put(ctx, table.Put{Item: table.NewItem(key, attrs...), Cond: table.Absent()})
	if _, isLost := document.AsConditionError(err); isLost {
		return nil // somebody was first
	}
	return err
}

func (s *Store) putChunks(ctx context.Context, exp string, d mlflow.Dataset, content, body string) (int, error) {
	var items []table.Item
	for n := 0; len(body) > 0; n++ {
		part := body[:min(len(body), chunkBytes)]
		body = body[len(part):]
		items = append(items, table.NewItem(s.Keys.DatasetChunk(exp, d.Name, d.Digest, content, n),
			table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
			table.Attr{Name: keys.Body, Value: table.Bytes(part)}))
	}
	return len(items), s.Table.BatchWrite(ctx, items, nil)
}

// packBody compresses what describes a dataset beside its name and digest.
func packBody(d mlflow.Dataset) (string, error) {
	raw, err := json.Marshal([]string{d.SourceType, d.Source, d.Schema, d.Profile})
	if err != nil {
		return "", fmt.Errorf("encode dataset: %w", err)
	}
	enc, err := packed.ZstdWriter()
	if err != nil {
		return "", err
	}
	return string(enc.EncodeAll(raw, nil)), nil
}

func unpackBody(d *mlflow.Dataset, body string) error {
	dec, err := zstdReader()
	if err != nil {
		return err
	}
	raw, err := dec.DecodeAll([]byte(body), nil)
	if err != nil {
		return fmt.Errorf("dataset %q: %w", d.Name, err)
	}
	var list [4]string
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("dataset %q: %w", d.Name, err)
	}
	d.SourceType, d.Source, d.Schema, d.Profile = list[0], list[1], list[2], list[3]
	return nil
}

//nolint:gochecknoglobals // immutable once made; DecodeAll is safe for concurrent use
var zstdReader = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBodyBytes))
})

// Get reads a dataset that a run refers to.
func (s *Store) Get(ctx context.Context, exp string, ref run.DatasetRef) (mlflow.Dataset, error) {
	d := mlflow.Dataset{Name: ref.Name, Digest: ref.Digest}
	key := s.Keys.Dataset(exp, ref.Name, ref.Digest)
	if known, ok := s.bodies.Get(key.PK + key.SK); ok {
		return known, nil
	}
	it, found, err := s.Table.Get(ctx, key, table.Strong)
	if err != nil || !found {
		return d, err
	}
	body := it.Str(keys.Body)
	if n := int(it.Num(keys.Chunks)); n > 0 {
		if body, err = s.readChunks(ctx, exp, ref, it.Str(keys.Content)); err != nil {
			return d, err
		}
	}
	if err := unpackBody(&d, body); err != nil {
		return d, err
	}
	if len(d.Source)+len(d.Schema)+len(d.Profile) <= cachedBodyBytes {
		s.bodies.Add(key.PK+key.SK, d)
	}
	return d, nil
}

func (s *Store) readChunks(ctx context.Context, exp string, ref run.DatasetRef, content string) (string, error) {
	first := s.Keys.DatasetChunk(exp, ref.Name, ref.Digest, content, 0)
	last := s.Keys.DatasetChunk(exp, ref.Name, ref.Digest, content, 1<<30)
	var body []byte
	for it, err := range table.Items(ctx, s.Table, table.Query{PK: first.PK, From: first.SK, To: last.SK}) {
		if err != nil {
			return "", err
		}
		body = append(body, it.Str(keys.Body)...)
	}
	return string(body), nil
}
