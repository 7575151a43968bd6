package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// ItemCounts says what kinds of items a table has.
type ItemCounts struct {
	Kinds map[string]int64 // how many of a kind were read, named as in the item map of the schema
	// Workspaces are the kinds of items of each workspace; what belongs to none is left out.
	Workspaces map[string]map[string]int64
	Read       int64 // how many items were read
	All        bool  // they are all of the table
}

// CountItems counts the items of the first pages of a table by kind, whatever
// their workspace. DynamoDB keeps items in the order of a hash of their
// partition keys, so the share of a kind is about that of the whole table; an
// embedded table keeps them in the order of their keys. Expired items are left
// out. Eventually consistent: each page is 1 request and up to 128 RCU.
func CountItems(ctx context.Context, s *Store, pages int) (ItemCounts, error) {
	c := ItemCounts{Kinds: map[string]int64{}, Workspaces: map[string]map[string]int64{}}
	scan := table.Scan{Consistency: table.Eventual}
	for range pages {
		page, err := s.view.Table.Scan(ctx, scan)
		if err != nil {
			return c, failure(err)
		}
		for _, it := range page.Items {
			c.add(keys.Classify(it.Key))
		}
		c.Read += int64(len(page.Items))
		if scan.After = page.Next; page.Next == (table.Key{}) {
			c.All = true
			break
		}
	}
	return c, nil
}

func (c *ItemCounts) add(of keys.Class) {
	kind := string(of.Kind)
	c.Kinds[kind]++
	if of.Workspace == "" {
		return
	}
	if c.Workspaces[of.Workspace] == nil {
		c.Workspaces[of.Workspace] = map[string]int64{}
	}
	c.Workspaces[of.Workspace][kind]++
}
