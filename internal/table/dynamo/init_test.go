package dynamo_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

func TestInitTurnsOnExpiry(t *testing.T) {
	t.Parallel()
	client, name := ddblocal.Client(t), ddblocal.Name(t)
	tab := dynamo.New(client, name, dynamo.Options{PollInterval: 1})
	for range 2 {
		require.NoError(t, tab.Init(t.Context(), true))
		out, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &name})
		require.NoError(t, err)
		require.Equal(t, types.TimeToLiveStatusEnabled, out.TimeToLiveDescription.TimeToLiveStatus)
		require.Equal(t, table.TTLAttr, *out.TimeToLiveDescription.AttributeName)
	}
}

// TestInitSchema refuses tables that are not ours.
func TestInitSchema(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]types.AttributeDefinition{
		"other names": {{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"}},
		"other type":  {{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "N"}},
		"no sort key": {{AttributeName: aws.String("PK"), AttributeType: "S"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, tableName := ddblocal.Client(t), ddblocal.Name(t)
			in := &dynamodb.CreateTableInput{
				TableName: &tableName, BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: keys,
				KeySchema: []types.KeySchemaElement{{AttributeName: keys[0].AttributeName, KeyType: types.KeyTypeHash}},
			}
			if len(keys) > 1 {
				in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: keys[1].AttributeName, KeyType: types.KeyTypeRange})
			}
			_, err := client.CreateTable(t.Context(), in)
			require.NoError(t, err)
			require.ErrorIs(t, dynamo.New(client, tableName, dynamo.Options{}).Init(t.Context(), true), table.ErrSchema)
		})
	}
}

// TestInitOtherExpiry refuses a table that expires items by another attribute.
func TestInitOtherExpiry(t *testing.T) {
	t.Parallel()
	client, name := ddblocal.Client(t), ddblocal.Name(t)
	stub := stubAPI{API: client, describeTTL: func() (*dynamodb.DescribeTimeToLiveOutput, error) {
		return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: &types.TimeToLiveDescription{
			AttributeName: aws.String("expires"), TimeToLiveStatus: types.TimeToLiveStatusEnabled,
		}}, nil
	}}
	require.ErrorIs(t, dynamo.New(stub, name, dynamo.Options{}).Init(t.Context(), true), table.ErrSchema)
}

// TestInitDenied: credentials that may not look after expiry can use the table.
func TestInitDenied(t *testing.T) {
	t.Parallel()
	client, name := ddblocal.Client(t), ddblocal.Name(t)
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException"}
	stub := stubAPI{API: client, describeTTL: func() (*dynamodb.DescribeTimeToLiveOutput, error) { return nil, denied }}
	require.NoError(t, dynamo.New(stub, name, dynamo.Options{}).Init(t.Context(), true))
}

// stubAPI answers some calls itself.
type stubAPI struct {
	dynamo.API

	describeTTL func() (*dynamodb.DescribeTimeToLiveOutput, error)
	get         func() (*dynamodb.GetItemOutput, error)
}

func (s stubAPI) DescribeTimeToLive(
	ctx context.Context, in *dynamodb.DescribeTimeToLiveInput, opts ...func(*dynamodb.Options),
) (*dynamodb.DescribeTimeToLiveOutput, error) {
	if s.describeTTL != nil {
		return s.describeTTL()
	}
	return s.API.DescribeTimeToLive(ctx, in, opts...)
}

func (s stubAPI) GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return s.get()
}

// TestErrorClasses maps codes of DynamoDB to the sentinels of the table package.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]error{
		"ResourceNotFoundException":              table.ErrNoTable,
		"ProvisionedThroughputExceededException": table.ErrThrottled,
		"ThrottlingException":                    table.ErrThrottled,
		"TransactionConflictException":           table.ErrConflict,
		"ValidationException":                    table.ErrLimit,
		"UnrecognizedClientException":            table.ErrCredentials,
		"ExpiredTokenException":                  table.ErrCredentials,
		"AccessDeniedException":                  table.ErrCredentials,
	} {
		cause := &smithy.GenericAPIError{Code: code}
		stub := stubAPI{get: func() (*dynamodb.GetItemOutput, error) { return nil, cause }}
		tab := dynamo.New(stub, "t", dynamo.Options{ConflictAttempts: 2, MinDelay: 1})
		_, _, err := tab.Get(t.Context(), table.Key{PK: "p", SK: "s"}, table.Strong)
		require.ErrorIs(t, err, want, code)
		require.ErrorIs(t, err, cause, code)
	}
}

// TestForeignItem: what the store never writes is an error, not a wrong value.
func TestForeignItem(t *testing.T) {
	t.Parallel()
	s := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	for name, av := range map[string]types.AttributeValue{
		"bool":           &types.AttributeValueMemberBOOL{Value: true},
		"fraction":       &types.AttributeValueMemberN{Value: "1.5"},
		"list of number": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberN{Value: "1"}}},
		"map of map":     &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"a": &types.AttributeValueMemberM{}}},
	} {
		stub := stubAPI{get: func() (*dynamodb.GetItemOutput, error) {
			return &dynamodb.GetItemOutput{Item: map[string]types.AttributeValue{"PK": s("p"), "SK": s("s"), "a": av}}, nil
		}}
		_, _, err := dynamo.New(stub, "t", dynamo.Options{}).Get(t.Context(), table.Key{PK: "p", SK: "s"}, table.Strong)
		require.ErrorContains(t, err, `attribute "a"`, name)
	}
}

// TestCredentials: a client without credentials says so.
func TestCredentials(t *testing.T) {
	t.Parallel()
	errNone := errors.New("no credentials here")
	client := ddblocal.Client(t, func(o *dynamodb.Options) {
		o.Credentials = aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errNone
		}))
	}, dynamo.Configure)
	err := dynamo.New(client, "t", dynamo.Options{}).Init(t.Context(), true)
	require.ErrorIs(t, err, table.ErrCredentials)
	require.ErrorIs(t, err, errNone)
}
