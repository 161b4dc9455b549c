-- A generic test let a seeded defect pass (or found more than the one there is): a test that cannot fail protects nothing.
with defective as (
    select *
    from (
        values
            (2, 1900, 0.5, 'known', 'polity', 'known', 2, 1900, 1901),
            (2, 1900, 1.5, 'unknown', 'polity', 'twice', 2, 1901, 1901),
            (9999, 1900, null, 'known', 'polity', 'outside', 9999, 1900, 1900)
    ) as rows (cow_code, year, share, country, coding, label, mapped_code, first_year, last_year)
),

values_of_states as (select cow_code, year, share, country from defective),

state_outside as (select cow_code, year from defective where cow_code = 9999),

mapping as (select coding, label, mapped_code as cow_code, first_year, last_year from defective),

mapping_outside as (select * from mapping where label = 'outside'),

mapping_of_one as (select 'polity' as coding, 'known' as label),

found as (
    select 'accepted_range' as test, count(*) as defects
    from ({{ test_accepted_range('values_of_states', 'share', 0, 1) }})
    union all
    select 'accepted_range, exclusive', count(*)
    from ({{ test_accepted_range('values_of_states', 'share', min_value=0.5, max_value=2, min_exclusive=true) }})
    union all
    select 'accepted_ranges', count(*)
    from ({{ test_accepted_ranges('values_of_states', {'share': {'min': 0, 'max': 1}}) }})
    union all
    select 'accepted_ranges, exclusive', count(*)
    from ({{ test_accepted_ranges('values_of_states', {'year': {'min': 1900}, 'share': {'above': 0.5}}) }})
    union all
    select 'unique_key', count(*)
    from ({{ test_unique_key('values_of_states', ['cow_code', 'year']) }})
    union all
    select 'unique_key, NULL', count(*)
    from ({{ test_unique_key('(select distinct share from values_of_states)', ['share']) }})
    union all
    select 'within_membership', count(*)
    from ({{ test_within_membership('state_outside') }})
    union all
    select 'labels_accounted_for', count(*)
    from ({{ test_labels_accounted_for('values_of_states', 'country', 'mapping_of_one', 'polity') }})
    union all
    select 'mapping_claims_once', count(*)
    from ({{ test_mapping_claims_once('mapping') }})
    union all
    select 'mapping_within_membership', count(*)
    from ({{ test_mapping_within_membership('mapping_outside') }})
)

select * from found where defects <> 1
