package bench

import (
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
)

const clients = 16

// together spreads b.N calls of op over 16 goroutines.
func together(b *testing.B, op func(client, i int) error) {
	b.Helper()
	b.ResetTimer()
	var wg sync.WaitGroup
	errs := make([]error, clients)
	for c := range clients {
		wg.Go(func() {
			for i := c; i < b.N && errs[c] == nil; i += clients {
				errs[c] = op(c, i)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	for _, err := range errs {
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

// BenchmarkPoints16 logs single points of one run from 16 goroutines; its
// yardstick is BenchmarkRawPut16, the same number of plain PutItem calls.
func BenchmarkPoints16(b *testing.B) {
	tables(b, func(b *testing.B, s *dynamodbstore.Store) {
		var m table.Meter
		ctx := table.WithMeter(b.Context(), &m)
		run := createRun(b, s, experiment(b, s), 0)
		together(b, func(client, i int) error {
			return s.LogMetric(ctx, run, dynamodbstore.Metric{Key: fmt.Sprintf("m%d", client), Value: 1, Step: int64(i)})
		})
		b.ReportMetric(float64(m.Units().Requests)/float64(b.N), "req/op")
	})
}

// BenchmarkRawPut16 puts small items from 16 goroutines by the SDK alone.
func BenchmarkRawPut16(b *testing.B) {
	client, name := ddblocal.Client(b), ddblocal.Name(b)
	_, err := client.CreateTable(b.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("SK"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("SK"), AttributeType: types.ScalarAttributeTypeS},
		},
	})
	require.NoError(b, err)
	together(b, func(client16, i int) error {
		_, err := client.PutItem(b.Context(), &dynamodb.PutItemInput{TableName: &name, Item: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: fmt.Sprintf("RUN#%d", client16)},
			"SK": &types.AttributeValueMemberS{Value: fmt.Sprintf("M#%09d", i)},
			"v":  &types.AttributeValueMemberN{Value: "1.5"},
		}})
		return err
	})
}
