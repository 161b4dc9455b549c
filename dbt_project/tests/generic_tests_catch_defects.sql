with defective (cow_code, year, share, country, coding, label, mapped_code, first_year, last_year) as (
    values
    (2, 1900, 0.5, 'known', 'polity', 'known', 2, 1900, 1901),
    (2, 1900, 1.5, 'unknown', 'polity', 'twice', 2, 1901, 1901),
    (9999, 1900, null, 'known', 'polity', 'outside', 9999, 1900, 1900)
),

values_of_states as (
    select
        cow_code,
        year,
        share,
        country
    from defective
),

state_outside as (
    select
        cow_code,
        year
    from defective
    where cow_code = 9999
),

mapping as (
    select
        coding,
        label,
        mapped_code as cow_code,
        first_year,
        last_year
    from defective
),

mapping_outside as (
    select * from mapping
    where label = 'outside'
),

mapping_of_one as (
    select
        'polity' as coding,
        'known' as label
),

found as (
    select
        'accepted_range' as test,
        count(*) as defects
    from (
        {{ test_accepted_range('values_of_states', 'share', 0, 1) }}
    )
    union all
    select
        'accepted_range, exclusive' as test,
        count(*) as defects
    from (
        {{ test_accepted_range('values_of_states', 'share', min_value=0.5, max_value=2, min_exclusive=true) }}
    )
    union all
    select
        'accepted_ranges' as test,
        count(*) as defects
    from (
        {{ test_accepted_ranges('values_of_states', {'share': {'min': 0, 'max': 1}}) }}
    )
    union all
    select
        'accepted_ranges, exclusive' as test,
        count(*) as defects
    from (
        {{ test_accepted_ranges('values_of_states', {'year': {'min': 1900}, 'share': {'above': 0.5}}) }}
    )
    union all
    select
        'unique_combination_of_columns' as test,
        count(*) as defects
    from (
        {{ test_unique_combination_of_columns('values_of_states', ['cow_code', 'year']) }}
    )
    union all
    select
        'unique_combination_of_columns, NULL' as test,
        count(*) as defects
    from (
        {{ test_unique_combination_of_columns('(select distinct share from values_of_states)', ['share']) }}
    )
    union all
    select
        'within_membership' as test,
        count(*) as defects
    from (
        {{ test_within_membership('state_outside') }}
    )
    union all
    select
        'labels_accounted_for' as test,
        count(*) as defects
    from (
        {{ test_labels_accounted_for('values_of_states', 'country', 'mapping_of_one', 'polity') }}
    )
    union all
    select
        'mapping_is_unambiguous' as test,
        count(*) as defects
    from (
        {{ test_mapping_is_unambiguous('mapping') }}
    )
    union all
    select
        'mapping_within_membership' as test,
        count(*) as defects
    from (
        {{ test_mapping_within_membership('mapping_outside') }}
    )
)

select
    test,
    defects
from found
where defects <> 1
