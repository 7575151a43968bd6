package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Get reads one item with one GetItem.
func (t *Table) Get(ctx context.Context, key table.Key, c table.Consistency) (table.Item, bool, error) {
	if err := table.CheckKey(key); err != nil {
		return table.Item{}, false, err
	}
	if err := t.use(ctx); err != nil {
		return table.Item{}, false, err
	}
	in := &dynamodb.GetItemInput{
		TableName: &t.name, Key: encodeKey(key), ConsistentRead: consistent(c),
		ReturnConsumedCapacity: total,
	}
	now := t.now()
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.GetItemOutput, error) { return t.api.GetItem(ctx, in) })
	if err != nil {
		return table.Item{}, false, err
	}
	table.Count(ctx, units(out.ConsumedCapacity), 0)
	if len(out.Item) == 0 {
		return table.Item{}, false, nil
	}
	it, err := decodeItem(out.Item)
	if err != nil || it.ExpiredAt(now) {
		return table.Item{}, false, err
	}
	return it, true, nil
}

// Query reads one page with one Query.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := table.CheckQuery(q); err != nil {
		return table.Page{}, err
	}
	if err := t.use(ctx); err != nil {
		return table.Page{}, err
	}
	if q.Empty() {
		return table.Page{}, nil
	}
	in := t.queryInput(q)
	now := t.now()
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.QueryOutput, error) { return t.api.Query(ctx, in) })
	if err != nil {
		return table.Page{}, err
	}
	table.Count(ctx, units(out.ConsumedCapacity), 0)
	var page table.Page
	if page.Items, err = unexpired(out.Items, now); err != nil {
		return table.Page{}, err
	}
	if sk, ok := out.LastEvaluatedKey[table.SKAttr].(*types.AttributeValueMemberS); ok {
		if q.After = sk.Value; !q.Empty() {
			page.Next = sk.Value
		}
	}
	return page, nil
}

func (t *Table) queryInput(q table.Query) *dynamodb.QueryInput {
	var e expr
	cond := e.name(table.PKAttr) + "=" + e.value(str(q.PK)) + " AND " + e.name(table.SKAttr)
	if q.From == "" { // an empty string is no key
		cond += "<=" + e.value(str(q.To))
	} else {
		cond += " BETWEEN " + e.value(str(q.From)) + " AND " + e.value(str(q.To))
	}
	in := &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: &cond,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ScanIndexForward: aws.Bool(!q.Descending), ConsistentRead: consistent(q.Consistency),
		Limit: limit(q.Limit), ReturnConsumedCapacity: total,
	}
	if q.Resumes() {
		in.ExclusiveStartKey = encodeKey(table.Key{PK: q.PK, SK: q.After})
	}
	return in
}

// Scan reads one page with one Scan.
func (t *Table) Scan(ctx context.Context, s table.Scan) (table.ScanPage, error) {
	if err := table.CheckScan(s); err != nil {
		return table.ScanPage{}, err
	}
	if err := t.use(ctx); err != nil {
		return table.ScanPage{}, err
	}
	in := &dynamodb.ScanInput{
		TableName: &t.name, ConsistentRead: consistent(s.Consistency), Limit: limit(s.Limit), ReturnConsumedCapacity: total,
	}
	if s.After != (table.Key{}) {
		in.ExclusiveStartKey = encodeKey(s.After)
	}
	now := t.now()
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.ScanOutput, error) { return t.api.Scan(ctx, in) })
	if err != nil {
		return table.ScanPage{}, err
	}
	table.Count(ctx, units(out.ConsumedCapacity), 0)
	var page table.ScanPage
	if page.Items, err = unexpired(out.Items, now); err != nil || len(out.LastEvaluatedKey) == 0 {
		return page, err
	}
	last, err := decodeItem(out.LastEvaluatedKey)
	page.Next = last.Key
	return page, err
}

// unexpired decodes the items of a page.
func unexpired(avs []map[string]types.AttributeValue, now int64) ([]table.Item, error) {
	items := make([]table.Item, 0, len(avs))
	for _, av := range avs {
		it, err := decodeItem(av)
		if err != nil {
			return nil, err
		}
		if !it.ExpiredAt(now) {
			items = append(items, it)
		}
	}
	return items, nil
}

// limit is the most items of a page, nil for no limit.
func limit(n int) *int32 {
	if n <= 0 {
		return nil
	}
	const most = 1<<31 - 1
	return aws.Int32(int32(min(n, most)))
}

func consistent(c table.Consistency) *bool { return aws.Bool(c == table.Strong) }
