<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- The receipt of a consent: each scope, given or not, and what the policy declares. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:consent-receipt"/></xsl:template>

  <xsl:template match="d:consent-receipt">
    <xsl:variable name="title"><xsl:call-template name="label"><xsl:with-param name="id">consent-receipt</xsl:with-param></xsl:call-template></xsl:variable>
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="$title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="$title"/></h1>
        <table><tbody>
        <xsl:call-template name="row"><xsl:with-param name="label">controller</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:controller/d:name"/><xsl:if test="d:controller/d:bin">, <xsl:call-template name="label"><xsl:with-param name="id">bin</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:controller/d:bin"/></xsl:if></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">policy</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:policy/d:id"/>, <xsl:call-template name="label"><xsl:with-param name="id">version</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:policy/d:version"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">subject</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:subject"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">pseudonym</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:pseudonym"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">receipt-id</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:receipt_id"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">schema</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:schema"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">basis</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="word"><xsl:with-param name="kind">basis</xsl:with-param><xsl:with-param name="id">consent</xsl:with-param></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">made</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:made"/></xsl:call-template>, <xsl:value-of select="d:made_by"/></xsl:with-param></xsl:call-template>
        </tbody></table>
        <xsl:call-template name="register"><xsl:with-param name="title">consents</xsl:with-param><xsl:with-param name="columns">consent given at version notice lapses</xsl:with-param><xsl:with-param name="rows" select="d:consents/d:item"/></xsl:call-template>
        <p><xsl:call-template name="label"><xsl:with-param name="id">withdraw-note</xsl:with-param></xsl:call-template></p>
        <h2><xsl:call-template name="label"><xsl:with-param name="id">declared-purposes</xsl:with-param></xsl:call-template></h2>
        <p><xsl:call-template name="words"><xsl:with-param name="kind">purpose</xsl:with-param><xsl:with-param name="of" select="d:purposes/d:item"/></xsl:call-template></p>
        <h2><xsl:call-template name="label"><xsl:with-param name="id">declared-categories</xsl:with-param></xsl:call-template></h2>
        <p><xsl:call-template name="words"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="of" select="d:categories/d:item"/></xsl:call-template></p>
        <h2><xsl:call-template name="label"><xsl:with-param name="id">declared-recipients</xsl:with-param></xsl:call-template></h2>
        <p><xsl:call-template name="words"><xsl:with-param name="kind">recipient</xsl:with-param><xsl:with-param name="of" select="d:recipients/d:item"/></xsl:call-template></p>
        <xsl:call-template name="register"><xsl:with-param name="title">declared-storage</xsl:with-param><xsl:with-param name="columns">says by-clause</xsl:with-param><xsl:with-param name="rows" select="d:storage/d:item"/></xsl:call-template>
        <xsl:call-template name="register"><xsl:with-param name="title">declared-retention</xsl:with-param><xsl:with-param name="columns">says by-clause</xsl:with-param><xsl:with-param name="rows" select="d:retention/d:item"/></xsl:call-template>
        <xsl:call-template name="register"><xsl:with-param name="title">declared-withdrawal</xsl:with-param><xsl:with-param name="columns">says by-clause</xsl:with-param><xsl:with-param name="rows" select="d:withdrawal/d:item"/></xsl:call-template>
        <xsl:call-template name="register"><xsl:with-param name="title">declared-rights</xsl:with-param><xsl:with-param name="columns">says by-clause</xsl:with-param><xsl:with-param name="rows" select="d:rights/d:item"/></xsl:call-template>
        <p class="small"><xsl:call-template name="label"><xsl:with-param name="id">appeal</xsl:with-param></xsl:call-template></p>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="d:consents/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">consent</xsl:with-param><xsl:with-param name="id" select="d:consent"/></xsl:call-template></td>
      <td><xsl:choose><xsl:when test="d:given = 'true'"><xsl:call-template name="label"><xsl:with-param name="id">yes</xsl:with-param></xsl:call-template></xsl:when><xsl:otherwise><xsl:call-template name="label"><xsl:with-param name="id">not-given</xsl:with-param></xsl:call-template></xsl:otherwise></xsl:choose><xsl:if test="d:state and d:state != 'given'">, <xsl:call-template name="word"><xsl:with-param name="kind">act</xsl:with-param><xsl:with-param name="id" select="d:state"/></xsl:call-template></xsl:if></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:value-of select="d:policy_version"/></td>
      <td dir="auto"><xsl:value-of select="d:notice"/></td>
      <td><xsl:if test="d:lapses"><xsl:call-template name="day"><xsl:with-param name="of" select="d:lapses"/></xsl:call-template></xsl:if></td>
    </tr>
  </xsl:template>

  <xsl:template match="d:storage/d:item | d:retention/d:item | d:withdrawal/d:item | d:rights/d:item" mode="row">
    <tr><td><xsl:value-of select="*[local-name() = $lang]"/></td><td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td></tr>
  </xsl:template>
</xsl:stylesheet>
