{# DuckLake has no primary keys: tables in the lake are created without them. The publication adds the keys and so
   checks them. #}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- if target.name != 'lake' -%}
        {{ return(table_columns_and_constraints()) }}
    {%- endif -%}
    ({{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(', ') }})
{%- endmacro %}
